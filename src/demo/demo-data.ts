/** A customer of the demo company. Cards are the test numbers that payment networks publish, never real ones. */
export interface Customer {
  readonly customer_id: string;
  readonly name: string;
  readonly email: string;
  readonly region: "emea" | "amer" | "apac";
  readonly card_number: string;
  /** RFC 3339 date. */
  readonly since: string;
}

/** An expense as it was filed. */
export interface Expense {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly purpose: string;
  readonly note?: string;
  /** RFC 3339. */
  readonly created_at: string;
}

/** A payment as it was sent. */
export interface Payment {
  readonly id: string;
  readonly amount: number;
  readonly to: string;
  /** RFC 3339. */
  readonly sent_at: string;
}

/** What the demo server knows. Lives as long as its process. */
export interface DemoData {
  readonly customers: Map<string, Customer>;
  readonly expenses: Expense[];
  readonly payments: Payment[];
}

/** Expenses and payments kept; the oldest go first, so that a server left running stays small. */
const MAX_RECORDS = 1000;

/** Appends a record and forgets the oldest beyond `MAX_RECORDS`. */
export function remember<T>(records: T[], record: T): void {
  records.push(record);
  if (records.length > MAX_RECORDS) records.splice(0, records.length - MAX_RECORDS);
}

/** The customers that the demo starts with. */
const CUSTOMERS: readonly Customer[] = [
  {
    customer_id: "c-1001",
    name: "Ada Okafor",
    email: "ada.okafor@northwind.example",
    region: "emea",
    card_number: "4111 1111 1111 1111",
    since: "2021-03-14",
  },
  {
    customer_id: "c-1002",
    name: "Ben Alvarez",
    email: "ben.alvarez@contoso.example",
    region: "amer",
    card_number: "5555 5555 5555 4444",
    since: "2022-07-01",
  },
  {
    customer_id: "c-1003",
    name: "Chiyo Tanaka",
    email: "chiyo.tanaka@fabrikam.example",
    region: "apac",
    card_number: "3530 1113 3330 0000",
    since: "2020-11-23",
  },
  {
    customer_id: "c-1004",
    name: "Dana Lindqvist",
    email: "dana.lindqvist@tailspin.example",
    region: "emea",
    card_number: "3782 822463 10005",
    since: "2023-01-09",
  },
  {
    customer_id: "c-1005",
    name: "Elena Petrova",
    email: "elena.petrova@adventure.example",
    region: "emea",
    card_number: "6011 1111 1111 1117",
    since: "2024-05-30",
  },
];

/** The data that the demo starts with. */
export function createDemoData(): DemoData {
  return {
    customers: new Map(CUSTOMERS.map((customer) => [customer.customer_id, customer])),
    expenses: [
      {
        id: "exp-1",
        amount: 84.2,
        currency: "EUR",
        purpose: "Train to the Lyon workshop",
        created_at: "2026-06-02T08:15:00Z",
      },
      {
        id: "exp-2",
        amount: 1290,
        currency: "USD",
        purpose: "Conference ticket",
        note: "Early-bird price",
        created_at: "2026-06-11T14:02:00Z",
      },
    ],
    payments: [],
  };
}
