/* The least an operating system needs: one process that calls send() for every stream. One topic.
   GET opens a stream, POST publishes its body to all. Prints its port. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { max_sockets = 20000, buffer_size = 65536 };

static const char stream_head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache, no-transform\r\n"
    "Connection: close\r\n\r\n: connected\n\n";
static const char published[] = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";

static int streams[max_sockets];
static int stream_count = 0;
static long event_count = 0;
/* What came in on a socket and is not a whole request yet; kept for those that have sent something only. */
static char *unread[max_sockets];
static int unread_length[max_sockets];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void send_to_all(const char *body, int length) {
  char frame[buffer_size];
  int size = snprintf(frame, sizeof frame, "data: %.*s\nid: %ld\n\n", length, body, ++event_count);
  for (int i = 0; i < stream_count; i++)
    if (send(streams[i], frame, size, MSG_NOSIGNAL | MSG_DONTWAIT) != size) fail("send");
}

static void forget(int socket) {
  for (int i = 0; i < stream_count; i++)
    if (streams[i] == socket) streams[i--] = streams[--stream_count];
  free(unread[socket]);
  unread[socket] = NULL;
  unread_length[socket] = 0;
  close(socket);
}

/* Returns how many bytes the first whole request has, 0 when there is none. */
static int answer_one(int socket, char *text, int length) {
  char *end = memmem(text, length, "\r\n\r\n", 4);
  if (!end) return 0;
  int head = end + 4 - text;
  if (strncmp(text, "POST ", 5) != 0) {
    streams[stream_count++] = socket;
    if (send(socket, stream_head, sizeof stream_head - 1, MSG_NOSIGNAL) < 0) fail("send");
    return head;
  }
  char *field = memmem(text, head, "Content-Length: ", 16);
  int body = field ? atoi(field + 16) : 0;
  if (length < head + body) return 0;
  send_to_all(text + head, body);
  if (send(socket, published, sizeof published - 1, MSG_NOSIGNAL) < 0) fail("send");
  return head + body;
}

static void read_from(int socket) {
  if (!unread[socket] && !(unread[socket] = malloc(buffer_size))) fail("malloc");
  int got = recv(socket, unread[socket] + unread_length[socket], buffer_size - 1 - unread_length[socket], MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return forget(socket);
  int length = unread_length[socket] += got;
  unread[socket][length] = 0;
  int start = 0;
  for (int used; (used = answer_one(socket, unread[socket] + start, length - start)) > 0;) start += used;
  memmove(unread[socket], unread[socket] + start, length - start);
  unread_length[socket] = length - start;
}

int main(void) {
  struct rlimit files = {max_sockets, max_sockets};
  setrlimit(RLIMIT_NOFILE, &files);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 4096) < 0) fail("listen");
  getsockname(listener, (struct sockaddr *)&address, &size);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);

  int poller = epoll_create1(0);
  struct epoll_event wanted = {.events = EPOLLIN, .data.fd = listener}, ready[256];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &wanted);
  for (;;) {
    int count = epoll_wait(poller, ready, 256, -1);
    for (int i = 0; i < count; i++) {
      int socket = ready[i].data.fd;
      if (socket != listener) {
        read_from(socket);
        continue;
      }
      int opened = accept(listener, NULL, NULL);
      if (opened < 0 || opened >= max_sockets) fail("accept");
      int on = 1;
      setsockopt(opened, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      wanted.data.fd = opened;
      epoll_ctl(poller, EPOLL_CTL_ADD, opened, &wanted);
    }
  }
}
