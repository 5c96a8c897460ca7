ALTER TABLE `audit` ADD `scheme` integer;
--> statement-breakpoint
-- What is written from now on is keyed. A gateway of before, still running, has its calls refused and not its rows mixed in.
CREATE TRIGGER `audit_keyed` BEFORE INSERT ON `audit`
WHEN NEW.`scheme` IS NULL
BEGIN
	SELECT RAISE(ABORT, 'an audit row must be keyed');
END;
