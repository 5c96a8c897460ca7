CREATE TABLE `audit_keyed_since` (
	`id` integer PRIMARY KEY NOT NULL,
	`begun` integer NOT NULL,
	`seq` integer NOT NULL,
	`hash` text NOT NULL,
	`mac` text NOT NULL
);
