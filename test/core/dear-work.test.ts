import { expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import { DearWorks } from "../../src/core/dear-work.ts";

/** Work that lasts until it is let go. */
function works() {
  const works = new DearWorks();
  const begun: string[] = [];
  const ends: Array<() => void> = [];
  const take = (holder: string, name = holder, cancellation?: Cancellation) =>
    works.take(holder, cancellation, async () => {
      begun.push(name);
      await new Promise<void>((resolve) => ends.push(resolve));
      return name;
    });
  return { works, begun, take, end: () => ends.shift()?.() };
}

const rounds = async (): Promise<void> => {
  for (let round = 0; round < 20; round++) await new Promise((resolve) => setImmediate(resolve));
};

it("is done one at a time for each person, and others do not wait for it", async () => {
  const { begun, take, end } = works();
  const all = [take("ann", "first"), take("ann", "second"), take("bob")];
  await rounds();
  expect(begun).toEqual(["first", "bob"]);
  end();
  await rounds();
  expect(begun).toEqual(["first", "bob", "second"]);
  end();
  end();
  expect(await Promise.all(all)).toEqual(["first", "second", "bob"].map((value) => ({ kind: "done", value })));
});

it("is not begun for whoever has gone: before, while it waits, or right before its turn", async () => {
  const { begun, take, end } = works();
  const gone = new Cancellation();
  gone.cancel("the client closed the response");
  expect(await take("ann", "never", gone)).toEqual({ kind: "gone" });
  const first = take("ann", "first");
  const [leaving, late] = [new Cancellation(), new Cancellation()];
  const [waits, next] = [take("ann", "waits", leaving), take("ann", "next", late)];
  await rounds();
  leaving.cancel("the client closed the response");
  expect(await waits).toEqual({ kind: "gone" });
  end();
  await first;
  late.cancel("the client closed the response");
  expect(await next).toEqual({ kind: "gone" });
  expect(begun).toEqual(["first"]);
  const after = take("ann", "after");
  await rounds();
  end();
  expect(await after).toMatchObject({ kind: "done" });
});

it("is refused to whoever has much of it waiting, and to nobody else; what failed makes room as well", async () => {
  const { works: dear, take, end } = works();
  const all = Array.from({ length: 17 }, () => take("ann"));
  expect(await take("ann")).toEqual({ kind: "crowded" });
  const bob = take("bob");
  await rounds();
  end();
  end();
  expect(await bob).toMatchObject({ kind: "done" });
  for (let left = 0; left < 17; left++) {
    await rounds();
    end();
  }
  await Promise.all(all);
  await expect(dear.take("ann", undefined, () => Promise.reject(new Error("No.")))).rejects.toThrow("No.");
  expect(await dear.take("ann", undefined, async () => 1)).toEqual({ kind: "done", value: 1 });
});
