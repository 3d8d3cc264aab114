/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All findings of one visit, and the forms in which they are told. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "ctl/doctor/check.h"
#include "ctl/options/ctl.h"

/* A kind of trouble that people come with. */
struct doctor_symptom {
	const char *name;          /* "web" */
	unsigned int bit;          /* SYMPTOM_* */
	const char *const *guide;  /* sentences, ended by NULL: what the MSS has to do with it, what
				    * it cannot help, and where to go on */
};
extern const struct doctor_symptom doctor_symptoms[]; /* ended by a row without name */
/* NULL where there is no such word. */
const struct doctor_symptom *doctor_find_symptom(const char *name);

struct doctor_report {
	const struct doctor_facts *facts;     /* borrowed */
	const struct doctor_symptom *symptom; /* NULL: all */
	struct doctor_finding findings[DOCTOR_CHECKS_MAX]; /* beside doctor_checks */
	size_t check_count;
	size_t count[DOCTOR_RESULTS];
};

/* Runs all checks. Pure. */
void doctor_report_make(struct doctor_report *report, const struct doctor_facts *facts,
			const struct doctor_symptom *symptom);
void doctor_report_done(struct doctor_report *report);

/* CTL_OK: nothing found; CTL_FOUND: a warning or failure; CTL_UNKNOWN: none, but something could
 * not be looked at. */
int doctor_report_exit(const struct doctor_report *report);
/* Where the page that was asked for besides cannot be written: a plugin says a line always, and the
 * code of other commands would be a WARNING. Returns the exit code. */
int doctor_report_nagios_unwritten(const char *path, FILE *out);
/* 0 to 3 as plugins of Nagios exit. */
int doctor_report_nagios_exit(const struct doctor_report *report);

/* The JSON of --json, owned; NULL without memory. */
json_t *doctor_report_json(const struct doctor_report *report);
void doctor_report_print(const struct ctl *ctl, const struct doctor_report *report);
/* One line: state, worst finding, how many more, performance data. */
void doctor_report_nagios(const struct doctor_report *report, FILE *out);
/* One page that needs nothing else. addresses: in full. now: of the page, as text. */
void doctor_report_html(const struct doctor_report *report, bool addresses, const char *now,
			FILE *out);
