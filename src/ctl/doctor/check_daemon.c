/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSS001, MSS002, MSS006 to MSS009: mssclampd, its rules and its queues. */
#include <stdio.h>
#include <string.h>

#include "base/remedy.h"
#include "base/text.h"
#include "ctl/doctor/check.h"
#include "ctl/doctor/doctor_words.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"

/* Of all SYNs since the start: fewer are a burst that is over. */
#define LOST_LEAST 10
#define LOST_PERCENT 1

#define MORE_QUEUES ((size_t)4)

static size_t count_rules(const struct doctor_facts *facts, bool ours, uint32_t does)
{
	size_t count = 0;

	for (size_t i = 0; i < facts->ruleset.rule_count; i++)
		count += facts->ruleset.rules[i].does & does &&
			 facts->ruleset.chains[facts->ruleset.rules[i].chain].ours == ours;
	return count;
}

static void say_absent(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	size_t others = count_rules(facts, false, RULE_CLAMPS);

	if (others)
		doctor_say(finding, DOCTOR_WARN, "mssclampd does not run; %zu rule%s of "
			   "somebody else set%s the MSS", others, text_plural(others),
			   others == 1 ? "s" : "");
	else if (count_rules(facts, true, RULE_CLAMPS))
		doctor_say(finding, DOCTOR_FAIL, "mssclampd does not run; the kernel clamps by the "
			   "rules that it left");
	else
		doctor_say(finding, DOCTOR_FAIL, "mssclampd does not run%s",
			   facts->has_ruleset ? ", and no rule sets the MSS" : "");
	doctor_fix(finding, DOCTOR_START);
}

/* What helps, where a sentence of the daemon's ends with it. */
static void add_remedy(struct doctor_finding *finding, const char *text)
{
	const char *check = strstr(text, REMEDY_CHECK);

	if (strstr(text, REMEDY_RESTART))
		doctor_fix(finding, "systemctl restart mssclampd");
	else if (check)
		doctor_see(finding, "%s", strstr(check, ": ") + 2);
	else
		doctor_see(finding, "mssclampctl status");
}

/* Each sentence of a list of the daemon's, but for those that begin with a name that has a check of
 * its own (NULL: there is none). */
static void tell_each(const json_t *list, enum doctor_result result, const char *before,
		      const char *elsewhere, struct doctor_finding *finding)
{
	const json_t *sentence;
	size_t i;

	json_array_foreach(list, i, sentence) {
		const char *text = json_is_string(sentence) ? json_string_value(sentence) : "-";

		if (elsewhere && strncmp(text, elsewhere, strlen(elsewhere)) == 0)
			continue;
		doctor_tell(finding, result, "%s%s", before, text);
		add_remedy(finding, text);
	}
}

static void say_degraded(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	tell_each(json_object_get(facts->status, "problems"), DOCTOR_FAIL, "degraded: ", NULL,
		  finding);
	if (finding->count)
		return;
	doctor_say(finding, DOCTOR_FAIL, "degraded: it says not why");
	doctor_see(finding, "mssclampctl status");
}

void doctor_check_daemon(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	switch (facts->daemon) {
	case DOCTOR_DAEMON_ABSENT:
		say_absent(facts, finding);
		return;
	case DOCTOR_DAEMON_DENIED:
		doctor_say(finding, DOCTOR_UNKNOWN, "%s",
			   facts->daemon_why ? facts->daemon_why : "it may not be asked");
		doctor_fix(finding, "sudo mssclampctl doctor");
		return;
	case DOCTOR_DAEMON_SILENT:
		doctor_say(finding, DOCTOR_FAIL, "%s",
			   facts->daemon_why ? facts->daemon_why : "it gives no answer");
		if (facts->daemon_remedy)
			doctor_fix(finding, "%s", facts->daemon_remedy);
		else if (facts->daemon_pid)
			doctor_see(finding, "ps -fp %d", facts->daemon_pid);
		else
			doctor_see(finding, "journalctl -u mssclampd -b");
		return;
	case DOCTOR_DAEMON_ANSWERS:
		break;
	}
	if (!field_is(facts->status, "state", "running")) {
		say_degraded(facts, finding);
	} else if (field_is(facts->status, "mode", "audit")) {
		doctor_say(finding, DOCTOR_WARN, "mode audit: it counts and changes no SYN");
		doctor_fix_setting(finding, "MSS001", "mode = \"queue\";");
		doctor_fix(finding, "mssclampctl reload");
	} else {
		doctor_say(finding, DOCTOR_OK, "version %s, mode %s, up %s",
			   field_string(facts->status, "version", "-"),
			   field_string(facts->status, "mode", "-"),
			   format_uptime(field_real(facts->status, "uptime_seconds", -1)).s);
	}
}

void doctor_check_rules(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	const json_t *checks = json_object_get(facts->status, "checks");
	const char *state = field_string(checks, "rules", "unknown");

	if (facts->daemon == DOCTOR_DAEMON_ABSENT) {
		doctor_say(finding, DOCTOR_SKIPPED, count_rules(facts, true, RULE_QUEUES) ?
			   "they stand, and let SYNs pass: mssclampd does not run" :
			   "mssclampd does not run");
		return;
	}
	if (field_is(checks, "rules", "ok")) {
		doctor_say(finding, DOCTOR_OK, "live rules are the expected ones");
	} else if (field_is(checks, "rules", "none")) {
		bool blind = json_is_false(json_object_get(checks, "sees_syns"));

		doctor_say(finding, blind ? DOCTOR_FAIL : DOCTOR_OK, blind ?
			   "left to you (firewall = \"none\"), and no SYN comes" :
			   "left to you (firewall = \"none\")");
		if (blind)
			doctor_see(finding, "mssclampctl rules --print nft");
	} else if (facts->status) {
		doctor_say(finding, DOCTOR_FAIL, "rules are %s", state);
		doctor_see(finding, "mssclampctl rules --diff");
		doctor_fix(finding, "mssclampctl rules --apply");
	} else {
		doctor_say(finding, DOCTOR_UNKNOWN, "mssclampd does not say");
	}
}

/* What the queues of one answer lost since the start. */
struct losses {
	uint64_t dropped, open, errors;
};

static struct losses losses_of(const json_t *stats)
{
	const json_t *list = json_object_get(stats, "queues"), *queue;
	struct losses losses = { 0 };
	size_t i;

	json_array_foreach(list, i, queue) {
		losses.dropped += field_count(queue, "dropped_total");
		losses.open += field_count(queue, "fail_open_total");
		losses.errors += field_count(queue, "verdict_errors_total");
	}
	return losses;
}

static bool any_loss(const struct losses *losses)
{
	return losses->dropped || losses->open || losses->errors;
}

/* From one look to the next; a daemon that was started meanwhile begins at 0. */
static struct losses losses_between(const json_t *stats, const json_t *later)
{
	struct losses before = losses_of(stats), after = losses_of(later);

	if (!later || after.dropped < before.dropped || after.open < before.open ||
	    after.errors < before.errors)
		return (struct losses){ 0 };
	return (struct losses){ after.dropped - before.dropped, after.open - before.open,
				after.errors - before.errors };
}

/* Whether what was lost is much beside what was seen: one burst heals as SYNs go by. */
static bool is_much(const struct losses *losses, const json_t *stats)
{
	uint64_t lost = losses->dropped + losses->open + losses->errors;
	uint64_t seen = field_count(json_object_get(stats, "syn"), "seen_total");

	return lost >= LOST_LEAST && lost * 100 >= (seen + lost) * LOST_PERCENT;
}

static struct format_text since_start(const struct doctor_facts *facts)
{
	return format_uptime(field_real(facts->status, "uptime_seconds", -1));
}

/* Longer ones, and more where these are few and the kernel bears several; never fewer. */
static void fix_queues(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	size_t queues = json_array_size(json_object_get(facts->stats, "queues"));
	char count[32] = "", setting[80];

	if (!doctor_kernel_fears_queues(facts->release))
		snprintf(count, sizeof(count), "count = %zu; ",
			 queues > MORE_QUEUES ? queues : MORE_QUEUES);
	snprintf(setting, sizeof(setting), "queues = { %smax_packets = 16384; };", count);
	doctor_fix_setting(finding, "MSS006", setting);
	doctor_fix(finding, "systemctl restart mssclampd");
}

#define LOSSES                                                                                     \
	"%s SYNs were dropped, %s passed unclamped because a queue was full, %s verdicts failed"
#define LOSSES_OF(losses)                                                                          \
	format_count((losses).dropped).s, format_count((losses).open).s,                           \
		format_count((losses).errors).s

static void check_losses(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	struct losses all = losses_of(facts->stats);
	struct losses now = losses_between(facts->stats, facts->stats_later);
	size_t queues = json_array_size(json_object_get(facts->stats, "queues"));

	if (any_loss(&now)) {
		doctor_say(finding, DOCTOR_WARN, "within %.1f s " LOSSES, facts->seconds,
			   LOSSES_OF(now));
		fix_queues(facts, finding);
	} else if (is_much(&all, facts->stats)) {
		doctor_say(finding, DOCTOR_WARN, "since the start %s ago " LOSSES
			   ", one in a hundred or more", since_start(facts).s, LOSSES_OF(all));
		fix_queues(facts, finding);
	} else if (any_loss(&all)) {
		doctor_say(finding, DOCTOR_OK, "nothing is lost now; since the start %s ago "
			   LOSSES, since_start(facts).s, LOSSES_OF(all));
	} else {
		doctor_say(finding, DOCTOR_OK, "%zu queue%s, nothing lost", queues,
			   text_plural(queues));
	}
}

static void say_silent(struct doctor_finding *finding)
{
	doctor_say(finding, DOCTOR_FAIL, "a worker does not answer");
	doctor_fix(finding, "systemctl restart mssclampd");
}

/* To start mssclampd anew would change nothing. */
static void say_taken(const json_t *taken, struct doctor_finding *finding)
{
	doctor_say(finding, DOCTOR_FAIL, "another program has %zu of the queues, the first is %u: "
		   "end it, or set another queues.first and restart mssclampd",
		   json_array_size(taken),
		   (unsigned int)json_integer_value(json_array_get(taken, 0)));
	/* Number, then the netlink port of the owner: its process, where it has one socket. */
	doctor_see(finding, "cat /proc/net/netfilter/nfnetlink_queue");
}

void doctor_check_queues(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	const json_t *taken = json_object_get(facts->status, "queues_taken");

	if (json_array_size(taken) > 0)
		say_taken(taken, finding);
	else if (field_is(json_object_get(facts->status, "checks"), "queues", "stalled") ||
		 field_is(json_object_get(facts->status, "checks"), "queues", "unbound"))
		say_silent(finding);
	else if (!facts->stats)
		doctor_say(finding, DOCTOR_UNKNOWN, "the counters of mssclampd cannot be read");
	else
		check_losses(facts, finding);
}

void doctor_check_fallback(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	const json_t *checks = json_object_get(facts->status, "checks");

	if (field_is(checks, "fallback", "active")) {
		doctor_say(finding, DOCTOR_WARN, "the kernel clamps by route MTU beside mssclampd, "
			   "whose heartbeat does not arrive");
		doctor_fix(finding, "systemctl restart mssclampd");
	} else if (field_is(checks, "fallback", "off")) {
		doctor_say(finding, DOCTOR_OK, "off: nothing clamps while mssclampd is gone");
	} else {
		doctor_say(finding, DOCTOR_OK, "the kernel would clamp by route MTU");
	}
}

void doctor_check_other_queues(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	size_t others = count_rules(facts, false, RULE_QUEUES);

	for (size_t i = 0; i < facts->dead_count; i++) {
		const struct ruleset_rule *rule = &facts->ruleset.rules[facts->dead[i].rule];

		doctor_tell(finding, DOCTOR_FAIL, "queue %u has no program and no bypass: what it "
			    "gets is dropped (%s, \"%s\")", facts->dead[i].number,
			    doctor_chain_text(&facts->ruleset.chains[rule->chain]).s,
			    doctor_rule_text(rule).s);
		doctor_see(finding, "%s",
			   doctor_chain_command(&facts->ruleset.chains[rule->chain]).s);
	}
	if (!facts->dead_count && others)
		doctor_say(finding, DOCTOR_OK, "%zu rule%s of others, each with its program",
			   others, text_plural(others));
	else if (!facts->dead_count)
		doctor_say(finding, DOCTOR_OK, "there are none");
}

/* NULL without a word of it, which is no name of anything. */
static const char *state_file_path(const struct doctor_facts *facts)
{
	const char *path = field_string(json_object_get(facts->status, "state_file"), "path", "");

	return *path ? path : NULL;
}

void doctor_check_daemon_warnings(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	tell_each(json_object_get(facts->status, "warnings"), DOCTOR_WARN, "",
		  state_file_path(facts), finding);
	if (!finding->count)
		doctor_say(finding, DOCTOR_OK, "nothing");
}
