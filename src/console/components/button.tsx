import type { Child } from "hono/jsx";

/** `main`: what the form is for; `danger`: what cannot be undone; `plain`: the rest. */
export type ButtonTone = "main" | "danger" | "plain";

/** Sends its form. `name` and `value` tell several buttons of one form apart. */
export function Button(props: {
  readonly tone?: ButtonTone;
  readonly name?: string;
  readonly value?: string;
  readonly children?: Child;
}) {
  const { tone = "main", name, value, children } = props;
  return (
    <button type="submit" class={`button ${tone}`} name={name} value={value}>
      {children}
    </button>
  );
}

/** A link that looks like a button: for what leads somewhere and changes nothing. */
export function ButtonLink({ href, children }: { readonly href: string; readonly children?: Child }) {
  return (
    <a class="button plain" href={href}>
      {children}
    </a>
  );
}
