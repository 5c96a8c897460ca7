/** Somebody of the demo, by key and at its identity provider alike. */
export interface DemoPerson {
  readonly email: string;
  readonly name: string;
  readonly roles: readonly string[];
}

/** The demo's people, by the name that they sign in with. */
export const DEMO_PEOPLE = {
  ann: { email: "ann@example.com", name: "Ann", roles: ["employee"] },
  carla: { email: "carla@example.com", name: "Carla", roles: ["employee", "cfo", "platform-admin"] },
  sam: { email: "sam@example.com", name: "Sam", roles: ["employee", "support"] },
} as const satisfies Record<string, DemoPerson>;

export type DemoName = keyof typeof DEMO_PEOPLE;

/** Finds somebody by name or e-mail address, whatever the case. */
export function demoName(text: string): DemoName | undefined {
  const wanted = text.trim().toLowerCase();
  return NAMES.find((name) => name === wanted || DEMO_PEOPLE[name].email === wanted);
}

const NAMES = ["ann", "carla", "sam"] as const satisfies readonly DemoName[];
