/** What several texts share, so that a caller who fills them does not hold up others; a text beyond is hidden as a whole. */
export interface SearchBudget {
  /** Characters of texts full of digits, that may still be searched, … */
  digits: number;
  /** … of those that speak of secrets … */
  named: number;
  /** … and of those that are JSON. */
  json: number;
}
