CREATE TABLE `elevations` (
	`id` text PRIMARY KEY NOT NULL,
	`challenge_id` text NOT NULL,
	`iss` text NOT NULL,
	`sub` text NOT NULL,
	`client_id` text,
	`per` text NOT NULL,
	`target` text NOT NULL,
	`acr` text,
	`amr` text NOT NULL,
	`auth_time` integer NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`spent_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `elevations_challenge_id_unique` ON `elevations` (`challenge_id`);--> statement-breakpoint
CREATE INDEX `elevations_holder` ON `elevations` (`iss`,`sub`,`target`,`created_at`);--> statement-breakpoint
CREATE INDEX `elevations_expires` ON `elevations` (`expires_at`);--> statement-breakpoint
CREATE TABLE `step_up_challenges` (
	`id` text PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`iss` text NOT NULL,
	`sub` text NOT NULL,
	`client_id` text,
	`expected` text NOT NULL,
	`client_name` text NOT NULL,
	`tool` text NOT NULL,
	`per` text NOT NULL,
	`target` text NOT NULL,
	`acr` text NOT NULL,
	`amr` text NOT NULL,
	`max_age_ms` integer,
	`ttl_ms` integer NOT NULL,
	`state` text NOT NULL,
	`failures` integer NOT NULL,
	`attempt_hash` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `step_up_challenges_open` ON `step_up_challenges` (`key`) WHERE "step_up_challenges"."state" = 'open';--> statement-breakpoint
CREATE INDEX `step_up_challenges_person` ON `step_up_challenges` (`iss`,`sub`,`expires_at`);--> statement-breakpoint
CREATE INDEX `step_up_challenges_expires` ON `step_up_challenges` (`expires_at`);--> statement-breakpoint
-- What a challenge is bound to never changes, and one that is no longer open stays as it is.
CREATE TRIGGER `step_up_challenges_bound` BEFORE UPDATE ON `step_up_challenges`
WHEN OLD.`state` IS NOT 'open' OR NEW.`id` IS NOT OLD.`id` OR NEW.`key` IS NOT OLD.`key` OR NEW.`iss` IS NOT OLD.`iss`
	OR NEW.`sub` IS NOT OLD.`sub` OR NEW.`client_id` IS NOT OLD.`client_id` OR NEW.`expected` IS NOT OLD.`expected`
	OR NEW.`tool` IS NOT OLD.`tool` OR NEW.`per` IS NOT OLD.`per` OR NEW.`target` IS NOT OLD.`target`
	OR NEW.`acr` IS NOT OLD.`acr` OR NEW.`amr` IS NOT OLD.`amr` OR NEW.`max_age_ms` IS NOT OLD.`max_age_ms`
	OR NEW.`ttl_ms` IS NOT OLD.`ttl_ms` OR NEW.`created_at` IS NOT OLD.`created_at`
	OR NEW.`expires_at` IS NOT OLD.`expires_at`
BEGIN
	SELECT RAISE(ABORT, 'a challenge never changes what it is bound to, nor after it has ended');
END;
--> statement-breakpoint
-- An elevation is spent once, and changes in nothing else.
CREATE TRIGGER `elevations_spent_once` BEFORE UPDATE ON `elevations`
WHEN OLD.`spent_at` IS NOT NULL OR NEW.`id` IS NOT OLD.`id` OR NEW.`challenge_id` IS NOT OLD.`challenge_id`
	OR NEW.`iss` IS NOT OLD.`iss` OR NEW.`sub` IS NOT OLD.`sub` OR NEW.`client_id` IS NOT OLD.`client_id`
	OR NEW.`per` IS NOT OLD.`per` OR NEW.`target` IS NOT OLD.`target` OR NEW.`acr` IS NOT OLD.`acr`
	OR NEW.`amr` IS NOT OLD.`amr` OR NEW.`auth_time` IS NOT OLD.`auth_time` OR NEW.`created_at` IS NOT OLD.`created_at`
	OR NEW.`expires_at` IS NOT OLD.`expires_at`
BEGIN
	SELECT RAISE(ABORT, 'an elevation can only be spent, and only once');
END;
