/** What an answer says, for people. Pages that proxies give in the server's place are not for a terminal. */
export async function answerTextOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    JSON.parse(text);
    return text.slice(0, maxLength);
  } catch {
    return "something in between answers in its place";
  }
}

const maxLength = 600;
