/** Something that is wrong, told on every page: who is on another one would never know. */
export interface Trouble {
  /** How many things. */
  readonly count: number;
  /** After the number, for who does not see the sign: `servers do not answer`. */
  readonly what: string;
  /** A sentence that stands above every page but the area's first one, where it is so bad that nothing may wait. */
  readonly banner?: string;
}

/** What the navigation says of a part of the console. */
export interface NavigationEntry {
  /** The one segment after `/console/`. */
  readonly path: string;
  readonly title: string;
  /** Administrators only: everybody else is told so, and finds no entry. */
  readonly admin: boolean;
}
