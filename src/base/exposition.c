/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/exposition.h"

#include <inttypes.h>
#include <math.h>

#include "base/text.h"

const char *exposition_type_name(enum exposition_type type)
{
	switch (type) {
	case EXPOSITION_COUNTER:
		return "counter";
	case EXPOSITION_GAUGE:
		return "gauge";
	case EXPOSITION_HISTOGRAM:
		break;
	}
	return "histogram";
}

void exposition_begin(struct exposition *exposition, const struct exposition_metric *metric)
{
	exposition->metric = metric;
	exposition->headed = false;
}

/* A newline is escaped; no reader wants the others. */
static bool is_control(uint32_t code)
{
	return code != '\n' && (code < ' ' || (code >= 0x7f && code <= 0x9f));
}

/* A line must hold no newline, and a value in quotes no quote. */
static void put_escaped(FILE *out, const char *text, bool quoted)
{
	while (*text) {
		uint32_t code = 0;
		size_t len = text_utf8_decode(text, &code);

		if (len == 0 || is_control(code))
			fputs("\xef\xbf\xbd", out); /* U+FFFD */
		else if (*text == '\\')
			fputs("\\\\", out);
		else if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '"' && quoted)
			fputs("\\\"", out);
		else
			fwrite(text, 1, len, out);
		text += len ? len : 1;
	}
}

static void put_head(struct exposition *exposition)
{
	const struct exposition_metric *metric = exposition->metric;

	if (exposition->headed)
		return;
	exposition->headed = true;
	fprintf(exposition->out, "# HELP %s ", metric->name);
	put_escaped(exposition->out, metric->help, false);
	fprintf(exposition->out, "\n# TYPE %s %s\n", metric->name,
		exposition_type_name(metric->type));
}

static bool put_label(FILE *out, const char *name, const char *value, bool first)
{
	fprintf(out, "%c%s=\"", first ? '{' : ',', name);
	put_escaped(out, value ? value : "", true);
	fputc('"', out);
	return false;
}

/* The sample but for its value; below: the value of label le, or NULL. */
static void put_name(struct exposition *exposition, const char *suffix,
		     const struct exposition_label *labels, const char *below)
{
	bool first = true;

	put_head(exposition);
	fprintf(exposition->out, "%s%s", exposition->metric->name, suffix);
	for (; labels && labels->name; labels++)
		first = put_label(exposition->out, labels->name, labels->value, first);
	if (below)
		first = put_label(exposition->out, "le", below, first);
	fputs(first ? " " : "} ", exposition->out);
}

void exposition_count(struct exposition *exposition, const struct exposition_label *labels,
		      uint64_t value)
{
	put_name(exposition, "", labels, NULL);
	fprintf(exposition->out, "%" PRIu64 "\n", value);
}

void exposition_number(struct exposition *exposition, const struct exposition_label *labels,
		       double value)
{
	if (!isfinite(value))
		return;
	put_name(exposition, "", labels, NULL);
	fprintf(exposition->out, "%.17g\n", value);
}

void exposition_bucket(struct exposition *exposition, const struct exposition_label *labels,
		       const char *below, uint64_t count)
{
	put_name(exposition, "_bucket", labels, below);
	fprintf(exposition->out, "%" PRIu64 "\n", count);
}

void exposition_histogram_end(struct exposition *exposition, const struct exposition_label *labels,
			      double sum, uint64_t count)
{
	exposition_bucket(exposition, labels, "+Inf", count);
	put_name(exposition, "_sum", labels, NULL);
	fprintf(exposition->out, "%.17g\n", sum);
	put_name(exposition, "_count", labels, NULL);
	fprintf(exposition->out, "%" PRIu64 "\n", count);
}
