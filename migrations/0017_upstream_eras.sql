CREATE TABLE `upstream_eras` (
	`upstream` text PRIMARY KEY NOT NULL,
	`place` text NOT NULL,
	`era` text NOT NULL,
	`learned_at` integer NOT NULL
);
