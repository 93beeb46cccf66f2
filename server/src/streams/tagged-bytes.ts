/** Beyond this the shared bytes are written as they are; below, copying them is cheaper than another write. */
const maxCopiedBytes = 16_384;

/** Frames of which one connection has the ids, as it is to write them. The `data` lines are those that all share. */
export function taggedBytesOf(
  lines: readonly Buffer[],
  ids: readonly string[],
  isChunked: boolean,
): Buffer[] {
  let size = 0;
  for (const [index, line] of lines.entries()) size += line.length + idLineLength(ids[index]);
  const header = isChunked ? `${size.toString(16)}\r\n` : "";
  const trailer = isChunked ? "\r\n" : "";
  if (size > maxCopiedBytes)
    return [
      Buffer.from(header),
      ...lines.flatMap((line, index) => [line, Buffer.from(idLine(ids[index]))]),
      Buffer.from(trailer),
    ].filter(({ length }) => length > 0);
  const bytes = Buffer.allocUnsafe(header.length + size + trailer.length);
  let end = bytes.write(header, 0, "latin1");
  for (const [index, line] of lines.entries()) {
    end += line.copy(bytes, end);
    end += bytes.write(idLine(ids[index]), end, "latin1");
  }
  bytes.write(trailer, end, "latin1");
  return [bytes];
}

function idLine(id = ""): string {
  return `id: ${id}\n\n`;
}

/** Ids are ASCII. */
function idLineLength(id = ""): number {
  return id.length + 6;
}
