// Tells how many calls came since the list was shown, and moves nothing: who reads is not to lose their place.
const EVERY_MS = 5_000;

const note = document.querySelector("[data-newer]");
if (note !== null) setInterval(look, EVERY_MS);

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(note.dataset.newer, { headers: { "X-Portcullis-Refresh": "1" } });
    if (answer.ok) tell(await answer.json());
  } catch {
    // The gateway restarts, or the network is away: the next look may be luckier.
  }
}

function tell({ newer, more }) {
  if (newer === 0) return;
  const text = more ? `More than ${newer} newer: show them` : `${newer} newer: show`;
  if (note.textContent === text) return;
  const link = document.createElement("a");
  link.href = note.dataset.show;
  link.textContent = text;
  note.replaceChildren(link);
}
