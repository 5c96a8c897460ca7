/**
 * Sends texts as they come: the next is made only when the reader has taken the one before, however many there are. The
 * first is made before anything is sent, so that what cannot begin is still refused. @throws what the first throws;
 * what a later one throws goes to `onFault`, which has to cut the connection: half of an answer must not look whole.
 */
export async function streamPages(
  pages: AsyncIterable<string>,
  onFault: (err: unknown) => void,
): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  const iterator = pages[Symbol.asyncIterator]();
  let next: IteratorResult<string> | undefined = await iterator.next();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = next ?? (await iterator.next());
          next = undefined;
          if (done === true) controller.close();
          else controller.enqueue(encoder.encode(value));
        } catch (err) {
          onFault(err);
          controller.close();
        }
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
