/**
 * Looks for numbers behind a mark in the bytes of one stream, wherever the bytes are split. `see` is also told where
 * the number ends.
 * @returns from where to look when more bytes follow: nothing before it is needed any more.
 */
export type NumberScan = (bytes: Buffer, from: number, see: (value: number, end: number) => void) => number;

const zero = 48;
const nine = 57;
const lineFeed = 10;
const colon = 58;

/**
 * Numbers right behind `mark`, each ended by something that is no digit.
 * @param skip after how many bytes behind one number the next mark can be at the earliest
 */
export function scanAfterMark(mark: string, skip: number): NumberScan {
  const markBytes = Buffer.from(mark);
  return (bytes, from, see) => {
    let position = from;
    for (;;) {
      const start = position < bytes.length ? bytes.indexOf(markBytes, position) : -1;
      if (start === -1) return Math.max(position, bytes.length - markBytes.length + 1);
      let value = 0;
      let index = start + markBytes.length;
      while (isDigit(bytes[index])) value = value * 10 + (bytes[index++] ?? zero) - zero;
      if (index >= bytes.length) return start;
      see(value, index);
      position = Math.min(bytes.length, index + skip);
    }
  };
}

/** The numbers at the end of lines `id: …`: what is behind the last colon. */
export function scanIds(skip: number): NumberScan {
  const markBytes = Buffer.from("id:");
  return (bytes, from, see) => {
    let position = from;
    for (;;) {
      const start = position < bytes.length ? bytes.indexOf(markBytes, position) : -1;
      if (start === -1) return Math.max(position, bytes.length - markBytes.length);
      if (start > 0 && bytes[start - 1] !== lineFeed) {
        position = start + 1;
        continue;
      }
      let value = 0;
      let index = start + markBytes.length;
      for (; index < bytes.length && bytes[index] !== lineFeed; index++) {
        const byte = bytes[index];
        if (byte === colon) value = 0;
        else if (isDigit(byte)) value = value * 10 + (byte ?? zero) - zero;
      }
      if (index >= bytes.length) return start;
      see(value, index);
      position = Math.min(bytes.length, index + skip);
    }
  };
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine;
}
