/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/capture/captured.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/local_time.h"
#include "ctl/screen/output.h"
#include "ctl/screen/peer_label.h"

#define INDENT 4 /* blanks in front of what did not fit */

/* "10.8.0.7:443", "[2001:db8::7]:443", or the address alone. */
static void print_end(FILE *out, const json_t *syn, const char *address_key, const char *port_key)
{
	const char *address = field_string(syn, address_key, "?");
	uint64_t port = field_count(syn, port_key);
	bool wide = strchr(address, ':') != NULL;

	if (port)
		fprintf(out, wide ? "[%s]:%llu" : "%s:%llu", address, (unsigned long long)port);
	else
		fputs(address, out);
}

/* "wg0/alice", or the way it takes where no tunnel decided: "lan>wan", "-" being this host. */
static void print_place(FILE *out, const struct ctl *ctl, const json_t *syn)
{
	const char *tunnel = field_string(syn, "tunnel", NULL);
	char *peer;

	if (!tunnel) {
		fprintf(out, "%s>%s", field_string(syn, "in_interface", "-"),
			field_string(syn, "out_interface", "-"));
		return;
	}
	fputs(tunnel, out);
	if (!field_string(syn, "peer", NULL))
		return;
	peer = peer_label(ctl, syn);
	fprintf(out, "/%s", peer ? peer : "-");
	free(peer);
}

/* "wg0/alice SYN 192.168.1.10:50112 > 10.8.0.7:443". Owned, or NULL. */
static char *make_flow(const struct ctl *ctl, const json_t *syn)
{
	const char *kind = field_is(syn, "kind", "syn") ? "SYN" :
			   field_is(syn, "kind", "syn_ack") ? "SYN-ACK" : "packet";
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	print_place(out, ctl, syn);
	fprintf(out, " %s ", kind);
	print_end(out, syn, "source", "source_port");
	fputs(" > ", out);
	print_end(out, syn, "destination", "destination_port");
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* "12:44:01.201" */
static struct format_text clock_of(const char *time)
{
	struct format_text clock = local_time_clock(time);
	const char *point = strchr(time, '.');
	size_t len = strlen(clock.s);

	if (point && strspn(point + 1, "0123456789") >= 3)
		snprintf(clock.s + len, sizeof(clock.s) - len, "%.4s", point);
	return clock;
}

/* One line where both fit, else the verdict stands below. */
static void print_texts(const struct ctl *ctl, const char *clock, const char *flow,
			const char *verdict)
{
	unsigned int used = format_columns(clock) + 1 + format_columns(flow);

	printf("%s%s%s ", output_paint(ctl, PAINT_BOLD), clock, output_paint(ctl, PAINT_END));
	output_text(ctl, flow);
	if (used + 2 + format_columns(verdict) <= ctl->width) {
		fputs("  ", stdout);
		output_text(ctl, verdict);
		putchar('\n');
		return;
	}
	printf("\n%*s", INDENT, "");
	output_wrapped(ctl, INDENT, INDENT, verdict);
}

void captured_print(const struct ctl *ctl, const json_t *syn)
{
	char *flow = make_flow(ctl, syn), *verdict = captured_verdict(syn);

	if (flow && verdict)
		print_texts(ctl, clock_of(field_string(syn, "time", "")).s, flow, verdict);
	else
		puts("- out of memory");
	free(flow);
	free(verdict);
}
