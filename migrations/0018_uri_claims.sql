CREATE TABLE `uri_claims` (
	`upstream` text NOT NULL,
	`list` text NOT NULL,
	`key` text NOT NULL,
	`unlisted_at` integer,
	PRIMARY KEY(`upstream`, `list`, `key`)
);
