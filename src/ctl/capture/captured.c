/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/capture/captured.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"

int captured_read_packet(const json_t *syn, const char *key, struct captured_packet *ret_packet)
{
	const json_t *packet = json_object_get(syn, key);
	const char *text = field_string(packet, "bytes", NULL);
	size_t digits = text ? strlen(text) : 0;
	struct captured_packet read;

	if (!packet || json_is_null(packet))
		return -ENOENT;
	read.len = digits / 2;
	read.whole_len = field_count(packet, "length_bytes");
	if (!text || digits % 2 || read.len > CAPTURED_BYTES_MAX || read.whole_len < read.len ||
	    read.whole_len > UINT32_MAX || strspn(text, "0123456789abcdef") != digits)
		return -EBADMSG;
	read.bytes = malloc(read.len + 1);
	if (!read.bytes)
		return -ENOMEM;
	if (!text_parse_hex(text, read.len, read.bytes)) {
		free(read.bytes);
		return -EBADMSG;
	}
	*ret_packet = read;
	return 0;
}

int captured_read_time(const char *text, uint64_t *ret_ns)
{
	struct tm utc = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
	uint64_t part = 0, unit = NS_PER_SECOND;
	time_t when = rest ? timegm(&utc) : -1;

	if (when < 0)
		return -EBADMSG;
	if (*rest == '.') {
		for (rest++; *rest >= '0' && *rest <= '9'; rest++) {
			unit /= 10;
			part += (uint64_t)(*rest - '0') * unit;
		}
	}
	if (strcmp(rest, "Z") != 0 || (uint64_t)when > UINT64_MAX / NS_PER_SECOND - 1)
		return -EBADMSG;
	*ret_ns = (uint64_t)when * NS_PER_SECOND + part;
	return 0;
}

/* A number of the object, as text; "-" where it is unknown. */
static const char *number(const json_t *syn, const char *key, struct format_text *text)
{
	*text = format_field_bytes(syn, key);
	return text->s;
}

static bool is_known(const json_t *syn, const char *key)
{
	return json_is_integer(json_object_get(syn, key));
}

/* What was done to the option. Returns whether a limit had a part in it. */
static bool print_mss(FILE *out, const json_t *syn)
{
	const char *reason = field_string(syn, "reason", "-");
	bool audit = json_is_true(json_object_get(syn, "audit"));
	struct format_text before, after;

	number(syn, "mss_before_bytes", &before);
	number(syn, "mss_after_bytes", &after);
	if (strcmp(reason, "clamped") == 0 || strcmp(reason, "raised") == 0)
		fprintf(out, "mss %s %s %s%s", before.s, audit ? "stays (audit), would be" : "->",
			after.s, strcmp(reason, "raised") == 0 ? ", raised" : "");
	else if (strcmp(reason, "inserted") == 0)
		fprintf(out, audit ? "no mss (audit), would get %s" : "no mss -> %s", after.s);
	else if (strcmp(reason, "dropped") == 0)
		fprintf(out, "mss %s, %s", before.s, audit ? "would be dropped" : "dropped");
	else if (strcmp(reason, "already_small") == 0)
		fprintf(out, "mss %s stays", before.s);
	else if (strcmp(reason, "no_mss") == 0)
		fputs("no mss", out);
	else if (strcmp(reason, "no_limit") == 0)
		fprintf(out, "mss %s, no limit", before.s);
	else
		return false;
	return true;
}

static void print_left_alone(FILE *out, const json_t *syn)
{
	struct format_text before;

	if (is_known(syn, "mss_before_bytes"))
		fprintf(out, "mss %s ", number(syn, "mss_before_bytes", &before));
	fprintf(out, "left alone: %s", field_string(syn, "reason", "-"));
}

char *captured_verdict(const json_t *syn)
{
	const char *why = field_string(syn, "decided_by", NULL);
	struct format_text limit;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	if (!print_mss(out, syn))
		print_left_alone(out, syn);
	else if (why && field_count(syn, "limit_bytes") == field_count(syn, "mss_after_bytes"))
		fprintf(out, ", %s", why);
	else if (why)
		fprintf(out, ", limit %s: %s", number(syn, "limit_bytes", &limit), why);
	fprintf(out, ", %s", format_json_latency(json_object_get(syn, "took_seconds")).s);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
