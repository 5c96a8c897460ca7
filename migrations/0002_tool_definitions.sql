CREATE TABLE `tool_definitions` (
	`upstream` text NOT NULL,
	`tool` text NOT NULL,
	`digest` text NOT NULL,
	`definition` text NOT NULL,
	`first_seen_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`current` integer NOT NULL,
	PRIMARY KEY(`upstream`, `tool`, `digest`)
);
--> statement-breakpoint
CREATE INDEX `tool_definitions_current` ON `tool_definitions` (`upstream`,`tool`,`digest`) WHERE "tool_definitions"."current" = 1;