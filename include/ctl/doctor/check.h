/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one table of checks. Each reads facts and gives a finding; nothing else. Pure.
 *
 * Ids are stable: one that goes is never given again. doc/doctor.md has a section for each. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ctl/doctor/facts.h"

enum doctor_result {
	DOCTOR_OK,
	DOCTOR_SKIPPED, /* does not apply here */
	DOCTOR_UNKNOWN,
	DOCTOR_WARN,
	DOCTOR_FAIL,
	DOCTOR_RESULTS
};
/* "ok", "skipped", ... */
const char *doctor_result_name(enum doctor_result result);

#define DOCTOR_FIXES_MAX 4 /* of one thing that was found */
#define DOCTOR_TOLD_MAX 8  /* by one check */

/* One thing that was found. */
struct doctor_told {
	enum doctor_result result;
	char *detail;                 /* owned, NULL without memory */
	char *fix[DOCTOR_FIXES_MAX];  /* owned: commands as they are typed, in their order */
	bool shows[DOCTOR_FIXES_MAX]; /* beside them: it mends nothing, and shows what is to be
				       * mended */
	size_t fix_count;
};
struct doctor_finding {
	enum doctor_result result;    /* of the worst that is told */
	struct doctor_told told[DOCTOR_TOLD_MAX]; /* the worst first, else as they were found */
	size_t count;
	size_t more;                  /* things like these that are not told */
	size_t more_with[DOCTOR_RESULTS]; /* the same by result */
	struct doctor_told *last;     /* told last: whose the fixes are; NULL: nothing's */
};
void doctor_finding_done(struct doctor_finding *finding);
/* All that is told as one line. Returns owned, or NULL. */
char *doctor_finding_text(const struct doctor_finding *finding);
/* Whether both are mended by the same commands. */
bool doctor_told_alike(const struct doctor_told *a, const struct doctor_told *b);

/* Replaces all that was told. */
void doctor_say(struct doctor_finding *finding, enum doctor_result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Beside what was told. That something is in order is told only where nothing else is, and once. */
void doctor_tell(struct doctor_finding *finding, enum doctor_result result, const char *format,
		 ...) __attribute__((format(printf, 3, 4)));
/* One more command that mends what was told last, once. */
void doctor_fix(struct doctor_finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same for a command that changes nothing: nobody but who reads what it shows can mend it. */
void doctor_see(struct doctor_finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same for a setting: the check's own file beside the configuration, so that none of the user's
 * is overwritten, and one that is read behind the user's. Of two that set the same the higher id
 * holds: what the kernel forbids (MSS050, MSS051) stands above what mssclampd could do. */
void doctor_fix_setting(struct doctor_finding *finding, const char *id, const char *setting);

/* Whether a kernel of this release is known to crash with several queues. */
bool doctor_kernel_fears_queues(const char *release);

/* What a check cannot do without. */
enum {
	DOCTOR_NEEDS_DAEMON = 1,
	DOCTOR_NEEDS_RULESET = 2,
	DOCTOR_NEEDS_LINKS = 4,
	DOCTOR_NEEDS_TUNNELS = 8
};

/* Kinds of trouble that it may be behind. */
enum {
	SYMPTOM_WEB = 1,
	SYMPTOM_FILES = 2,
	SYMPTOM_VIDEO = 4,
	SYMPTOM_VOIP = 8,
	SYMPTOM_SSH = 16,
	SYMPTOM_TCP = SYMPTOM_WEB | SYMPTOM_FILES | SYMPTOM_SSH | SYMPTOM_VIDEO,
	SYMPTOM_ALL = 31
};

struct doctor_check {
	const char *id, *title; /* what it is about */
	unsigned int needs, symptoms;
	void (*run)(const struct doctor_facts *facts, struct doctor_finding *finding);
};
extern const struct doctor_check doctor_checks[]; /* ended by a row without id */
#define DOCTOR_CHECKS_MAX 64

/* Runs one check, or says why it cannot run. symptoms: those asked about, SYMPTOM_ALL for any.
 * Overwrites finding. */
void doctor_run(const struct doctor_check *check, const struct doctor_facts *facts,
		unsigned int symptoms, struct doctor_finding *finding);

#define DOCTOR_CHECK(name) \
	void doctor_check_##name(const struct doctor_facts *facts, struct doctor_finding *finding)
DOCTOR_CHECK(daemon);
DOCTOR_CHECK(rules);
DOCTOR_CHECK(syn4);
DOCTOR_CHECK(syn6);
DOCTOR_CHECK(directions);
DOCTOR_CHECK(queues);
DOCTOR_CHECK(fallback);
DOCTOR_CHECK(other_queues);
DOCTOR_CHECK(daemon_warnings);
DOCTOR_CHECK(interface_mtu);
DOCTOR_CHECK(dco);
DOCTOR_CHECK(tun_mtu);
DOCTOR_CHECK(ipsec_mtu);
DOCTOR_CHECK(ipv6_minimum);
DOCTOR_CHECK(tunnel_warnings);
DOCTOR_CHECK(exceptions);
DOCTOR_CHECK(too_big4);
DOCTOR_CHECK(too_big6);
DOCTOR_CHECK(icmp_counters);
DOCTOR_CHECK(fragment_rules);
DOCTOR_CHECK(fragments);
DOCTOR_CHECK(reassembly);
DOCTOR_CHECK(retransmissions);
DOCTOR_CHECK(black_holes);
DOCTOR_CHECK(state_file);
DOCTOR_CHECK(clampers);
DOCTOR_CHECK(shadowed);
DOCTOR_CHECK(offloaded);
DOCTOR_CHECK(pmtu_discovery);
DOCTOR_CHECK(mtu_probing);
DOCTOR_CHECK(reverse_path);
DOCTOR_CHECK(tcp_options);
DOCTOR_CHECK(pmtu_trust);
DOCTOR_CHECK(kernel);
DOCTOR_CHECK(namespaces);
DOCTOR_CHECK(bridges);
