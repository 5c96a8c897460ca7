const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** The bytes without the mark that some programs begin UTF-8 with. RFC 8259 §8.1: it may be ignored. */
export function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === MARK[0] && bytes.subarray(0, MARK.length).equals(MARK) ? bytes.subarray(MARK.length) : bytes;
}
