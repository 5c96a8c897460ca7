import type { StepUpFailure } from "../../core/step-up.ts";

/** What a page says. */
export interface PageText {
  readonly status: 200 | 400 | 403 | 404 | 409 | 410 | 429 | 500 | 502 | 503;
  readonly title: string;
  readonly text: string;
  /** What to do next. */
  readonly next: string;
}

const CALL_AGAIN = "Ask your agent to make the call again, and follow the new link.";
const TRY_AGAIN = "Try again, or tell your agent that you do not want this call.";
const REPORT_IT = "Try again in a moment. If it stays so, tell whoever runs this gateway.";

/** The page of each failure. None repeats what a request said. */
export const FAILURE_TEXTS: Readonly<Record<StepUpFailure, PageText>> = {
  unknown: {
    status: 404,
    title: "There is no such request",
    text: "This link is wrong, or its time is long over.",
    next: CALL_AGAIN,
  },
  expired: {
    status: 410,
    title: "This request has expired",
    text: "Nobody signed in for it in time.",
    next: CALL_AGAIN,
  },
  met: {
    status: 409,
    title: "This is done already",
    text: "Somebody signed in for this request before.",
    next: "You can close this page and go back to your agent.",
  },
  spent: {
    status: 410,
    title: "Too many attempts",
    text: "Too many sign-ins for this request were refused.",
    next: CALL_AGAIN,
  },
  replayed: {
    status: 409,
    title: "This sign-in has been used",
    text: "An answer of the identity provider counts once, and a later attempt takes the place of an earlier one.",
    next: "Go on in the newest window, or begin again with the link from your agent.",
  },
  foreign_state: {
    status: 400,
    title: "This sign-in was not begun here",
    text: "It belongs to another browser, or began too long ago. Nothing was confirmed.",
    next: "If you did not follow a link from your agent, close this page. If you did, open that link in this browser.",
  },
  mixed_up_issuer: {
    status: 400,
    title: "The answer came from the wrong place",
    text: "Another identity provider answered than the one that was asked. Nothing was confirmed.",
    next: "Tell whoever runs this gateway: somebody may be trying to take over your sign-in.",
  },
  cancelled: {
    status: 403,
    title: "You cancelled the sign-in",
    text: "The call is not confirmed, and will not be made.",
    next: TRY_AGAIN,
  },
  wrong_user: {
    status: 403,
    title: "This is somebody else's request",
    text: "You signed in as another person than the one whose agent wants to make this call. Nothing was confirmed.",
    next: "If you have several accounts, try again with the one that your agent uses. If somebody sent you this link, close this page.",
  },
  too_weak: {
    status: 403,
    title: "This sign-in is not strong enough",
    text: "The call needs a stronger way to sign in than the one that was used. Nothing was confirmed.",
    next: "Try again and choose a stronger method. If you have none, set one up with your identity provider first.",
  },
  too_old: {
    status: 403,
    title: "This sign-in is not fresh enough",
    text: "The identity provider remembered an earlier sign-in, but the call needs a new one. Nothing was confirmed.",
    next: "Sign out there, then try again.",
  },
  provider_refused: {
    status: 502,
    title: "The sign-in did not work",
    text: "The identity provider refused, or its answer is not valid. Nothing was confirmed.",
    next: REPORT_IT,
  },
  provider_unreachable: {
    status: 503,
    title: "The identity provider does not answer",
    text: "Nobody can sign in there right now. Nothing was confirmed.",
    next: REPORT_IT,
  },
  foreign_page: {
    status: 403,
    title: "This button was pressed elsewhere",
    text: "A sign-in begins on this gateway's own page only.",
    next: "Open the link from your agent and begin there.",
  },
};

/** After how many seconds a provider that does not answer may be asked again, as `Retry-After` of its page. */
export const UNREACHABLE_RETRY_S = 5;

/** The page of a sign-in that did what it was for. */
export const DONE_TEXT: PageText = {
  status: 200,
  title: "Confirmed",
  text: "You signed in, and the call can be made.",
  next: "You can close this page and go back to your agent. If the call does not go on by itself, ask for it again.",
};

/** The page of a request whose headers cannot be believed. */
export const HEAD_TEXT: PageText = {
  status: 400,
  title: "This request cannot be believed",
  text: "It says twice what may be said once, or a proxy does not say readably for whom it asks. Nothing was confirmed.",
  next: "Whoever runs the proxy in front of this gateway looks at the headers that it sends.",
};

/** The page of an answer of the provider that is not looked at, after many like it were refused. */
export const HELD_TEXT: PageText = {
  status: 429,
  title: "Too many answers like this one",
  text: "They were refused, and this one was not looked at. Nothing was confirmed.",
  next: "Wait a minute, then open the link from your agent again.",
};

/** The page of a fault of the gateway's own. */
export const FAULT_TEXT: PageText = {
  status: 500,
  title: "The gateway failed",
  text: "It could not do this right now. Its log says why.",
  next: REPORT_IT,
};
