CREATE TABLE `console_sessions` (
	`id_hash` text PRIMARY KEY NOT NULL,
	`iss` text NOT NULL,
	`sub` text NOT NULL,
	`principal` text NOT NULL,
	`created_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `console_sessions_expires_at` ON `console_sessions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `registered_upstreams` (
	`name` text PRIMARY KEY NOT NULL,
	`entry` text NOT NULL,
	`iss` text NOT NULL,
	`sub` text NOT NULL,
	`email` text,
	`registered_at` integer NOT NULL
);
