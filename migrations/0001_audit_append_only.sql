-- The audit is only ever added to. Whoever means to change it has to drop these triggers first, and the hash chain shows it.
CREATE TRIGGER `audit_no_update` BEFORE UPDATE ON `audit`
BEGIN
	SELECT RAISE(ABORT, 'audit rows are never changed');
END;
--> statement-breakpoint
CREATE TRIGGER `audit_no_delete` BEFORE DELETE ON `audit`
BEGIN
	SELECT RAISE(ABORT, 'audit rows are never deleted');
END;
--> statement-breakpoint
-- Also against INSERT OR REPLACE, which deletes without a word to the trigger above where recursive triggers are off.
CREATE TRIGGER `audit_only_next` BEFORE INSERT ON `audit`
WHEN NEW.`seq` IS NOT (SELECT coalesce(max(`seq`), 0) + 1 FROM `audit`)
BEGIN
	SELECT RAISE(ABORT, 'an audit row must have the next number');
END;
