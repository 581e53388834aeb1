/**
 * Collects outgoing bytes so that everything made in one turn leaves in one write. Memory is reused as soon as the
 * socket has taken it. It knows nothing of PDUs and does no I/O itself.
 */

/** Where collected bytes go. */
export interface OutputSink {
  /** Takes the chunks in order; may keep them until it has sent them. */
  write(chunks: readonly Uint8Array[]): void;
  /** Bytes taken by `write` and still kept. */
  held(): number;
}

/** Collected output. */
export interface Output {
  /** The memory in which room was reserved; changes with `reserve`. */
  bytes: Uint8Array;
  /** Room for `length` bytes behind what is there: its offset in `bytes`, which must be filled before the next call. */
  reserve(length: number): number;
  /** Appends bytes without copying them; they must not change until they are sent. */
  lend(bytes: Uint8Array): void;
  /** Hands everything over. */
  flush(): void;
  /** Bytes collected, or handed over and not yet sent. */
  backlog(): number;
}

const ARENA_LENGTH = 65_536;
/** Of the first one: a connection that only logs in and out needs no more. */
const FIRST_ARENA_LENGTH = 2048;

/**
 * An empty output.
 *
 * @param allocate makes memory of a length, which need not be zeroed
 */
export function createOutput(allocate: (length: number) => Uint8Array, sink: OutputSink): Output {
  let start = 0;
  let tail = 0;
  let collected = 0;
  let chunks: Uint8Array[] = [];

  function closeChunk(): void {
    if (tail > start) chunks.push(output.bytes.subarray(start, tail));
    start = tail;
  }

  const output: Output = {
    bytes: new Uint8Array(0),
    reserve(length) {
      if (tail + length > output.bytes.length) {
        closeChunk();
        const first = output.bytes.length === 0 ? FIRST_ARENA_LENGTH : ARENA_LENGTH;
        output.bytes = allocate(Math.max(first, length));
        start = 0;
        tail = 0;
      }
      const at = tail;
      tail += length;
      collected += length;
      return at;
    },
    lend(bytes) {
      closeChunk();
      chunks.push(bytes);
      collected += bytes.length;
    },
    flush() {
      closeChunk();
      if (chunks.length === 0) return;
      const all = chunks;
      chunks = [];
      collected = 0;
      sink.write(all);
      if (sink.held() === 0) {
        start = 0;
        tail = 0;
      }
    },
    backlog() {
      return collected + sink.held();
    },
  };
  return output;
}
