/** What is wrong with a record. */
export interface RecordFinding {
  /** A break of the chain (`ChainBreak`), or `since`, `found`, `head`, `approvals`, `forged`, `former`, `schema`, `tables`, `counts`, `lost`, `acts`, `anchor_file`, `sealed`, `integrity`. */
  readonly code: string;
  /** The row that it is about, if it is about one. */
  readonly seq?: number;
  readonly message: string;
}

/** What could not be shown, and why. */
export interface Unproven {
  /** `secret`, `unkeyed`, `unsealed`, `anchor`, `anchor_stale`, `anchor_gap`, `crash` or `lost_acts`. */
  readonly code: string;
  readonly message: string;
}
