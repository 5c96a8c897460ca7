// Keeps the parts of a page that are marked with data-live current, without a reload: when the gateway says that
// something of that kind has changed, the page is fetched again and what differs is put into place. What somebody has
// typed, unfolded or focused stays as it is. A page that cannot be kept current says so, and is left alone.
(() => {
  const first = document.querySelector("[data-live]");
  if (first === null) return;
  const kind = first.dataset.live;
  const only = first.dataset.liveId;
  const url = first.dataset.liveUrl ?? location.href;

  // The server's clock: that of the reader may be off.
  const began = performance.now();
  const at = Number(first.dataset.at);
  const now = () => at + performance.now() - began;

  const QUIET_MS = 2_000;
  const RETRY_MS = 3_000;
  const note = document.createElement("p");
  note.className = "live-note";
  note.setAttribute("role", "status");
  document.querySelector("main").append(note);

  let busy = false;
  let again = false;

  async function refresh() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    again = false;
    try {
      const answer = await fetch(url, { headers: { "X-Portcullis-Refresh": "1" } });
      if (answer.status === 401) signedOut();
      else if (answer.ok) update(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      // No connection: the stream comes back by itself, and then the page is fetched.
    }
    busy = false;
    if (again) setTimeout(refresh, 200);
  }

  function update(fresh) {
    document.title = fresh.title;
    for (const selector of ["header.top nav", ".page-head h1", "[data-live]"]) {
      const [from, to] = [document.querySelector(selector), fresh.querySelector(selector)];
      if (from !== null && to !== null) morph(from, to);
    }
    tick();
  }

  function morph(from, to) {
    for (const name of from.getAttributeNames()) {
      if (name !== "open" && !to.hasAttribute(name)) from.removeAttribute(name);
    }
    for (const name of to.getAttributeNames()) {
      if (from.getAttribute(name) !== to.getAttribute(name)) from.setAttribute(name, to.getAttribute(name));
    }
    if (from.tagName === "TEXTAREA") return;
    let next = from.firstChild;
    for (const wanted of [...to.childNodes]) {
      const named = wanted.id ? [...from.children].find((child) => child.id === wanted.id) : undefined;
      const same =
        named ?? (next !== null && !wanted.id && !next.id && next.nodeName === wanted.nodeName ? next : undefined);
      if (same === undefined) {
        from.insertBefore(document.importNode(wanted, true), next);
        continue;
      }
      if (same === next) next = next.nextSibling;
      else from.insertBefore(same, next);
      if (wanted.nodeType === Node.ELEMENT_NODE) morph(same, wanted);
      else if (same.nodeValue !== wanted.nodeValue) same.nodeValue = wanted.nodeValue;
    }
    while (next !== null) {
      const gone = next;
      next = next.nextSibling;
      gone.remove();
    }
  }

  // As in `time-left.tsx`.
  const SOON_MS = 15 * 60_000;
  const UNITS = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1_000],
  ];

  function tick() {
    for (const time of document.querySelectorAll("time.left")) {
      const left = Date.parse(time.dateTime) - now();
      const [unit, ms] = UNITS.find(([, size]) => left >= size) ?? ["s", 1_000];
      const text = left <= 0 ? "no time left" : `${Math.floor(left / ms)} ${unit} left`;
      if (time.textContent !== text) time.textContent = text;
      time.classList.toggle("soon", left <= SOON_MS);
    }
  }
  setInterval(tick, 1_000);

  let stream;
  let retry;
  let warning;
  // Nobody is signed in any more.
  let over = false;

  function listen() {
    silence();
    const source = new EventSource("/api/v1/events");
    stream = source;
    // Nothing is kept for those who were away, so that whoever comes back reads everything again.
    source.addEventListener("open", () => {
      clearTimeout(warning);
      warning = undefined;
      over = false;
      note.replaceChildren();
      refresh();
    });
    source.addEventListener(kind, (event) => {
      if (only === undefined || JSON.parse(event.data).id === only) refresh();
    });
    source.addEventListener("error", () => {
      if (over) return;
      warning ??= setTimeout(() => {
        note.textContent = "The connection is lost. This page may be out of date until it is back.";
      }, QUIET_MS);
      if (source.readyState !== EventSource.CLOSED) return;
      // Browsers come back by themselves after a break, but not after an answer that is no stream: the page finds out why.
      refresh();
      retry = setTimeout(listen, RETRY_MS);
    });
  }

  function silence() {
    stream?.close();
    clearTimeout(retry);
    clearTimeout(warning);
    warning = undefined;
  }

  // Not the sign-in at once: that would take away what somebody is writing.
  function signedOut() {
    over = true;
    silence();
    const link = document.createElement("a");
    link.href = `/console/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`;
    link.textContent = "Sign in again";
    note.replaceChildren("You are signed out. ", link);
  }

  // A page that nobody looks at holds no connection: browsers have six for all pages of one gateway.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) silence();
    else listen();
  });
  if (!document.hidden) listen();
})();
