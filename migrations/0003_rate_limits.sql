CREATE TABLE `rate_limits` (
	`key` text PRIMARY KEY NOT NULL,
	`points` real DEFAULT 0 NOT NULL,
	`expire` integer
);
--> statement-breakpoint
CREATE INDEX `rate_limits_expire` ON `rate_limits` (`expire`);