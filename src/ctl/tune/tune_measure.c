/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"
#include "ctl/tune/iperf.h"
#include "ctl/tune/tune.h"
#include "ctl/tune/tune_ends.h"
#include "ctl/tune/tune_probe.h"
#include "edge/child.h"
#include "edge/netlink/tcp_diag.h"
#include "edge/probe/snmp.h"

#define ARGUMENTS_MAX 24
#define GRACE_NS (8 * NS_PER_SECOND) /* for connecting and for the end of a run */
#define BUSY_TRIES 5                 /* a server ends the run before when it can */
#define BUSY_PAUSE_NS 500000000L
#define TIMESTAMPS 12                /* bytes of TCP options in each segment (RFC 7323) */
#define SYSCTL_TIMESTAMPS "/proc/sys/net/ipv4/tcp_timestamps"
#define PROGRESS_BYTES 512

#define HINT_INSTALL "Install it here and there: apt install iperf3"
#define HINT_SERVER "Start it on that host: iperf3 -s"

/* One search that goes on. */
struct tuning {
	const struct ctl *ctl;
	const struct tune_options *options;
	struct tune_report *report;
	char program[CHILD_PATH_MAX];
	struct snmp snmp;
	bool progress;        /* shown on stderr */
	uint64_t started_ns;
	const struct tune_run *running;
	struct tune_search search; /* all zero until it began */
	struct tcp_diag connections[TCP_DIAG_MAX]; /* to that port, when they were last there */
	size_t connection_count;
};

/* One line: more than a line of the terminal could not be drawn over again. */
static void show_progress(const struct tuning *tuning)
{
	const struct tune_run *run = tuning->running;
	char mss[32] = "as it is", line[PROGRESS_BYTES];

	if (!tuning->progress)
		return;
	if (run->asked)
		snprintf(mss, sizeof(mss), "%" PRIu32, run->asked);
	snprintf(line, sizeof(line), "run %zu, %s%s, %.0f s, MSS %s, %s", tuning->report->count + 1,
		 run->down ? "down" : "up", run->compare ? " beside the tunnel" : "",
		 clock_seconds(clock_boottime_ns() - tuning->started_ns), mss,
		 tuning->options->host);
	format_shorten(line, tuning->ctl->width - 1); /* 20 columns at least */
	output_progress(line);
}

static void clear_progress(const struct tuning *tuning)
{
	if (tuning->progress)
		output_progress("");
}

/* While iperf3 runs its connections can be asked about. */
static void on_tick(void *userdata)
{
	struct tuning *tuning = userdata;
	struct tcp_diag list[TCP_DIAG_MAX];
	size_t count = 0;

	show_progress(tuning);
	if (tuning->report->timestamps >= 0)
		return;
	if (tcp_diag_read((uint16_t)strtoul(tuning->options->port, NULL, 10), list, &count) < 0 ||
	    count == 0)
		return;
	memcpy(tuning->connections, list, sizeof(list));
	tuning->connection_count = count;
}

/* Once iperf3 has told whose address it was. */
static void note_timestamps(struct tuning *tuning, const struct tune_run *run)
{
	struct address remote;

	if (address_parse(run->result.remote, &remote) < 0)
		return;
	for (size_t i = 0; i < tuning->connection_count; i++)
		if (address_equal(&tuning->connections[i].remote, &remote))
			tuning->report->timestamps = tuning->connections[i].timestamps;
}

/* Where the kernel tells nothing of connections, what it would not send it does not. */
static bool may_send_timestamps(void)
{
	FILE *file = fopen(SYSCTL_TIMESTAMPS, "re");
	int value = 1;

	if (file && fscanf(file, "%3d", &value) != 1)
		value = 1;
	if (file)
		fclose(file);
	return value != 0;
}

/* Texts that the command line of one run points to. */
struct words {
	const char *argv[ARGUMENTS_MAX];
	size_t count;
	char seconds[24], mss[16];
};

static void add(struct words *words, const char *option, const char *value)
{
	if (!value)
		return;
	words->argv[words->count++] = option;
	words->argv[words->count++] = value;
}

static void make_words(const struct tuning *tuning, const struct tune_run *run, struct words *words)
{
	const struct tune_options *options = tuning->options;

	*words = (struct words){ .argv = { tuning->program, "--json" }, .count = 2 };
	snprintf(words->seconds, sizeof(words->seconds), "%" PRIu64, options->seconds);
	snprintf(words->mss, sizeof(words->mss), "%" PRIu32, run->asked);
	add(words, "--client", options->host);
	add(words, "--port", options->port);
	add(words, "--time", words->seconds);
	add(words, "--connect-timeout", "3000");
	add(words, "--bitrate", options->rate);
	add(words, "--set-mss", run->asked ? words->mss : NULL);
	add(words, "--bind", run->compare ? NULL : options->bind);
	add(words, "--bind-dev", run->compare ? options->compare : options->via);
	if (run->down)
		words->argv[words->count++] = "--reverse";
}

/* How much two counters grew, one of which may be unknown. */
static uint64_t growth(const struct snmp_counts *before, const struct snmp_counts *after,
		       enum snmp_counter v4, enum snmp_counter v6)
{
	uint64_t was = snmp_sum(before->value[v4], before->value[v6]);
	uint64_t is = snmp_sum(after->value[v4], after->value[v6]);

	return was == SNMP_UNKNOWN || is == SNMP_UNKNOWN || is < was ? UINT64_MAX : is - was;
}

static void judge(struct tuning *tuning, struct tune_run *run)
{
	struct tune_report *report = tuning->report;
	uint32_t mss = run->asked ? run->asked : run->result.mss;
	struct tune_counts counts = {
		.segments = run->result.sent_bytes / (mss ? mss : 1),
		.retransmissions = run->result.retransmissions,
		.fragments = run->down ? run->reassembled : run->fragments_made,
		.bits_per_second = run->result.received_bits_per_second,
	};

	run->verdict = run->compare ? tune_judge(&counts) :
				      tune_judge_next(&report->pace, run->down, counts);
}

static int say_failure(const struct tuning *tuning, int r, const char *why)
{
	const struct tune_options *options = tuning->options;
	char so_far[128] = "", by[64] = "";

	if (tuning->running->compare)
		snprintf(by, sizeof(by), " by --compare %s", options->compare);
	if (tuning->search.bad) /* what took minutes is not lost by one bad run */
		tune_search_so_far(&tuning->search, so_far, sizeof(so_far));
	clear_progress(tuning);
	switch (r) {
	case -EINTR:
		return output_fail(tuning->ctl, CTL_FAILED, NULL, "stopped by SIGINT");
	case -ETIME:
		return output_fail(tuning->ctl, CTL_UNKNOWN, HINT_SERVER,
				   "%s port %s%s: iperf3 does not come to an end%s",
				   options->host, options->port, by, so_far);
	case -EREMOTEIO:
		return output_fail(tuning->ctl, CTL_FAILED, tune_ends_hint(why),
				   "%s port %s%s: iperf3: %s%s", options->host, options->port, by,
				   why, so_far);
	case -EBADMSG:
		return output_fail(tuning->ctl, CTL_FAILED, HINT_INSTALL, "%s", why);
	default:
		return output_fail(tuning->ctl, CTL_FAILED, NULL, "iperf3 cannot be run: %s",
				   strerror(-r));
	}
}

/* A server that serves another run says so; between two runs iperf3 does not listen at all, and who
 * has just come when it closes its socket is reset. */
static bool may_pass(const char *why)
{
	return strstr(why, "busy") || strstr(why, "refused") || strstr(why, "reset by peer");
}

/* One try of one run. Returns 0, -EBUSY, or what say_failure knows. */
static int try_run(struct tuning *tuning, struct tune_run *run, char *why, size_t size)
{
	uint64_t timeout_ns = tuning->options->seconds * NS_PER_SECOND + GRACE_NS;
	struct snmp_counts before, after;
	struct words words;
	char *output = NULL;
	int r;

	make_words(tuning, run, &words);
	snmp_read(&tuning->snmp, &before);
	r = iperf_run(words.argv, timeout_ns, tuning->ctl->interrupt_fd, on_tick, tuning,
		      &output);
	if (r < 0)
		return r;
	snmp_read(&tuning->snmp, &after);
	r = iperf_result_parse(output, &run->result, why, size);
	free(output);
	if (r < 0)
		return r == -EREMOTEIO && may_pass(why) ? -EBUSY : r;
	run->fragments_made = growth(&before, &after, SNMP_FRAGMENTS_IPV4, SNMP_FRAGMENTS_IPV6);
	run->reassembled = growth(&before, &after, SNMP_REASSEMBLED_IPV4, SNMP_REASSEMBLED_IPV6);
	return 0;
}

/* One run, kept in the report. Returns an enum ctl_exit. */
static int run_once(struct tuning *tuning, struct tune_run run, const struct tune_run **ret_run)
{
	struct tune_report *report = tuning->report;
	const struct timespec pause = { .tv_nsec = BUSY_PAUSE_NS };
	char why[256] = "";
	int r = -EBUSY;

	if (report->count == TUNE_RUNS_MAX)
		return output_fail(tuning->ctl, CTL_UNKNOWN, NULL, "no end after %d runs",
				   TUNE_RUNS_MAX);
	tuning->running = &run;
	show_progress(tuning);
	for (int i = 0; r == -EBUSY && i < BUSY_TRIES; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		r = try_run(tuning, &run, why, sizeof(why));
	}
	if (r < 0)
		return say_failure(tuning, r == -EBUSY ? -EREMOTEIO : r, why);
	judge(tuning, &run);
	if (!run.compare && report->timestamps < 0)
		note_timestamps(tuning, &run);
	if (!report->remote[0])
		memcpy(report->remote, run.result.remote, sizeof(report->remote));
	report->runs[report->count] = run;
	*ret_run = &report->runs[report->count++];
	clear_progress(tuning);
	return CTL_OK;
}

/* Up, then down unless up is bad and nobody wants to know. */
static int run_both(struct tuning *tuning, struct tune_run run, bool always, bool *ret_good)
{
	const struct tune_run *done = NULL;
	int code = run_once(tuning, run, &done);

	*ret_good = done && done->verdict == TUNE_GOOD;
	if (code != CTL_OK || (!*ret_good && !always))
		return code;
	run.down = true;
	code = run_once(tuning, run, &done);
	*ret_good = *ret_good && done->verdict == TUNE_GOOD;
	return code;
}

/* From the smallest that every path carries up to where it stops. */
static int search(struct tuning *tuning)
{
	struct tune_report *report = tuning->report;
	struct tune_search *search = &tuning->search;
	uint32_t mss;

	tune_search_begin(search, report->family, report->baseline_mss);
	while ((mss = tune_search_next(search)) != 0) {
		bool good;
		int code = run_both(tuning, (struct tune_run){ .asked = mss }, false, &good);

		if (code != CTL_OK)
			return code;
		tune_search_note(search, mss, good);
		if (!good && mss == search->floor)
			break;
	}
	report->largest_mss = search->good;
	report->outcome = search->good ? TUNE_LIMITED : TUNE_NONE_PASS;
	return CTL_OK;
}

/* What the kernel has heard of the path meanwhile (ICMP, a tunnel's own link) makes its segments
 * smaller, whatever MSS the connection began with: larger ones were not tried. */
static void heed_discovery(struct tune_report *report)
{
	uint32_t headers = TCP_HEADER_MIN + (report->family == FAMILY_IPV4 ? IPV4_HEADER_MIN :
									     IPV6_HEADER_LEN);

	for (size_t i = 0; i < report->count; i++) {
		const struct tune_run *run = &report->runs[i];
		uint32_t mtu = run->result.path_mtu;

		if (run->compare || run->down || mtu <= headers ||
		    mtu - headers >= report->largest_mss)
			continue;
		report->largest_mss = mtu - headers;
		report->discovered = true;
	}
}

static int measure(struct tuning *tuning)
{
	struct tune_report *report = tuning->report;
	bool good, compared;
	int code = run_both(tuning, (struct tune_run){ .asked = 0 }, true, &good);

	if (code != CTL_OK)
		return code;
	report->family = strchr(report->remote, ':') ? FAMILY_IPV6 : FAMILY_IPV4;
	if (report->timestamps < 0 && !may_send_timestamps())
		report->timestamps = 0;
	/* iperf3 tells what is left for payload. */
	if (report->runs[0].result.mss)
		report->baseline_mss = report->runs[0].result.mss +
				       (report->timestamps ? TIMESTAMPS : 0);
	if (tuning->options->compare) {
		code = run_both(tuning, (struct tune_run){ .compare = true }, true, &compared);
		if (code != CTL_OK)
			return code;
	}
	report->outcome = TUNE_ALL_PASS;
	report->largest_mss = report->baseline_mss;
	if (!good && !report->baseline_mss)
		return output_fail(tuning->ctl, CTL_UNKNOWN, NULL,
				   "iperf3 does not tell the MSS; a newer one does (3.1)");
	return good ? CTL_OK : search(tuning);
}

int tune_measure(const struct ctl *ctl, const struct tune_options *options,
		 struct tune_report *report)
{
	struct tuning tuning = {
		.ctl = ctl, .options = options, .report = report,
		.progress = output_has_progress(ctl), .started_ns = clock_boottime_ns(),
	};
	int code;

	report->timestamps = -1;
	if (!child_find("iperf3", tuning.program))
		return output_fail(ctl, CTL_FAILED, HINT_INSTALL, "iperf3 is not installed");
	code = tune_ends_check(ctl, options);
	if (code != CTL_OK)
		return code;
	snmp_init(&tuning.snmp);
	code = measure(&tuning);
	heed_discovery(report);
	if (code == CTL_OK)
		tune_probe_ask_daemon(ctl, options, report);
	clear_progress(&tuning);
	snmp_done(&tuning.snmp);
	report->seconds = clock_seconds(clock_boottime_ns() - tuning.started_ns);
	return code;
}
