/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page that people attach to a ticket: no script, no font, nothing fetched. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "ctl/doctor/report.h"
#include "ctl/screen/bars.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/page.h"

struct page {
	FILE *out;
	const struct doctor_report *report;
	bool addresses; /* in full */
};

static const struct {
	const char *word, *colour;
} looks[DOCTOR_RESULTS] = {
	[DOCTOR_OK] = { "ok", "#2e7d32" },	  [DOCTOR_SKIPPED] = { "-", "#9e9e9e" },
	[DOCTOR_UNKNOWN] = { "unknown", "#5e6b78" }, [DOCTOR_WARN] = { "WARN", "#b26a00" },
	[DOCTOR_FAIL] = { "FAIL", "#c62828" },
};

/* What findings need beside the style of all pages. */
static const char style[] =
	".f{display:grid;grid-template-columns:5.2em 4.6em 1fr;gap:.1em .8em;padding:.35em 0;"
	"border-bottom:1px solid #d8dee4;break-inside:avoid}"
	".f b{font-weight:600}.f p{margin:.2em 0}"
	".r{color:#fff;border-radius:.3em;text-align:center;font-weight:600;font-size:.8em;"
	"align-self:start;padding:.1em .3em;print-color-adjust:exact;"
	"-webkit-print-color-adjust:exact}"
	".i,code{font-family:ui-monospace,monospace;font-size:.9em}"
	"code{display:block;background:#8881;padding:.15em .5em;margin:.2em 0;"
	"overflow-wrap:anywhere}";

/* Text from outside: without what a terminal would obey, and with addresses as short as was asked
 * for. Owned, or NULL without memory. */
static char *told(const struct page *page, const char *text)
{
	char *clean = format_clean(text, true, false), *shorter;

	if (page->addresses || !clean)
		return clean;
	shorter = page_shorten(clean);
	free(clean);
	return shorter;
}

static void put_text(const struct page *page, const char *text)
{
	char *shown = told(page, text);

	page_text(page->out, shown ? shown : "?");
	free(shown);
}

/* What is said, and what mends it unless that is the same for the next. */
static void put_told(const struct page *page, const struct doctor_told *told,
		     const struct doctor_told *next)
{
	bool fine = told->result < DOCTOR_UNKNOWN;

	fputs(fine ? " <span class=\"small\">" : "<p>", page->out);
	put_text(page, told->detail ? told->detail : "-");
	fputs(fine ? "</span>" : "</p>", page->out);
	if (next && doctor_told_alike(told, next))
		return;
	for (size_t i = 0; i < told->fix_count; i++) {
		fputs(told->shows[i] ? "<code>see: " : "<code>", page->out);
		put_text(page, told->fix[i]);
		fputs("</code>", page->out);
	}
}

static void put_finding(const struct page *page, size_t place)
{
	const struct doctor_finding *finding = &page->report->findings[place];

	fprintf(page->out, "<div class=\"f\"><span class=\"r\" style=\"background:%s\">%s</span>"
		"<span class=\"i\">%s</span><div><b>", looks[finding->result].colour,
		looks[finding->result].word, doctor_checks[place].id);
	put_text(page, doctor_checks[place].title);
	fputs("</b>", page->out);
	for (size_t i = 0; i < finding->count; i++)
		put_told(page, &finding->told[i],
			 i + 1 < finding->count ? &finding->told[i + 1] : NULL);
	if (finding->more)
		fprintf(page->out, "<p>and %zu more</p>", finding->more);
	fputs("</div></div>\n", page->out);
}

static void put_findings(const struct page *page, const char *title, bool bad)
{
	static const enum doctor_result order[] = { DOCTOR_FAIL, DOCTOR_WARN, DOCTOR_UNKNOWN,
						    DOCTOR_OK, DOCTOR_SKIPPED };
	bool any = false;

	for (size_t i = 0; i < COUNT(order); i++) {
		if ((order[i] >= DOCTOR_UNKNOWN) != bad)
			continue;
		for (size_t place = 0; place < page->report->check_count; place++) {
			if (page->report->findings[place].result != order[i])
				continue;
			if (!any)
				fprintf(page->out, "<h2>%s</h2>\n", title);
			any = true;
			put_finding(page, place);
		}
	}
}

#define WIDTH 720 /* of the picture */

/* One bar in five colours, with its legend. */
static void put_summary(const struct page *page)
{
	static const enum doctor_result order[] = { DOCTOR_FAIL, DOCTOR_WARN, DOCTOR_UNKNOWN,
						    DOCTOR_OK, DOCTOR_SKIPPED };
	static const char *const words[DOCTOR_RESULTS] = {
		[DOCTOR_OK] = "ok",		 [DOCTOR_SKIPPED] = "not for this host",
		[DOCTOR_UNKNOWN] = "unknown", [DOCTOR_WARN] = "warning",
		[DOCTOR_FAIL] = "failure",
	};
	size_t total = page->report->check_count ? page->report->check_count : 1;
	size_t x = 0, legend = 0;

	fprintf(page->out, "<svg viewBox=\"0 0 %d 62\" width=\"%d\" role=\"img\" "
		"aria-label=\"results\">\n", WIDTH, WIDTH);
	for (size_t i = 0; i < COUNT(order); i++) {
		size_t count = page->report->count[order[i]], width = count * WIDTH / total;

		fprintf(page->out, "<rect x=\"%zu\" y=\"0\" width=\"%zu\" height=\"26\" "
			"fill=\"%s\"/>\n", x, width, looks[order[i]].colour);
		fprintf(page->out, "<rect x=\"%zu\" y=\"42\" width=\"12\" height=\"12\" "
			"fill=\"%s\"/><text x=\"%zu\" y=\"53\">%zu %s%s</text>\n", legend,
			looks[order[i]].colour, legend + 18, count, words[order[i]],
			order[i] >= DOCTOR_WARN && count != 1 ? "s" : "");
		x += width;
		legend += WIDTH / 5;
	}
	fputs("</svg>\n", page->out);
}

#define TUNNELS_SHOWN 20

#define BAR_TEXT 112 /* bytes of a label or a note */

#define LABEL_BYTES 20 /* that fit in front of a bar */

static void copy_label(const struct page *page, const char *text, char label[BAR_TEXT])
{
	char *shown = told(page, text);

	snprintf(label, BAR_TEXT, "%s", shown ? shown : "?");
	label[text_utf8_cut(label, strlen(label), LABEL_BYTES)] = '\0';
	free(shown);
}

/* What the interface takes, red where that is too much, and below it what fits. */
static void put_tunnels(const struct page *page)
{
	const struct doctor_facts *facts = page->report->facts;
	size_t count = facts->tunnel_count < TUNNELS_SHOWN ? facts->tunnel_count : TUNNELS_SHOWN;
	char takes[TUNNELS_SHOWN][BAR_TEXT], fits[TUNNELS_SHOWN][BAR_TEXT];
	char names[TUNNELS_SHOWN][BAR_TEXT];
	struct page_bar bars[2 * TUNNELS_SHOWN];

	if (!count)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct doctor_tunnel *tunnel = &facts->tunnels[i];
		uint32_t takes_bytes = tunnel->interface_mtu, fit = tunnel->inner_mtu;

		copy_label(page, tunnel->name, names[i]);
		snprintf(takes[i], BAR_TEXT, takes_bytes ? "%u interface" : "no interface",
			 takes_bytes);
		snprintf(fits[i], BAR_TEXT, fit ? "%u fit" : "unknown", fit);
		bars[2 * i] = (struct page_bar){ names[i], takes_bytes,
						 fit && takes_bytes > fit ? takes_bytes : 0,
						 takes[i] };
		bars[2 * i + 1] = (struct page_bar){ tunnel->kind, fit, 0, fits[i] };
	}
	page_element(page->out, "h2", NULL,
		     "Tunnels: MTU of the interface, and what fits (bytes)");
	page_bars(page->out, "tunnels", bars, 2 * count);
	if (count < facts->tunnel_count)
		fprintf(page->out, "<p class=\"small\">and %zu more</p>\n",
			facts->tunnel_count - count);
}

static void put_histogram(const struct page *page, const char *title, const json_t *histogram)
{
	char labels[BARS_MAX + 1][BAR_TEXT], notes[BARS_MAX + 1][BAR_TEXT];
	struct page_bar shown[BARS_MAX + 1];
	struct bar bars[BARS_MAX + 1];
	uint64_t total = 0;
	size_t count = bars_pick(histogram, bars, &total);

	if (!count)
		return;
	for (size_t i = 0; i < count; i++) {
		snprintf(labels[i], BAR_TEXT, "%llu", (unsigned long long)bars[i].mss);
		snprintf(notes[i], BAR_TEXT, "%s (%s)", format_count(bars[i].count).s,
			 format_percent(bars[i].count, total).s);
		shown[i] = (struct page_bar){ bars[i].others ? "other" : labels[i], bars[i].count,
					      0, notes[i] };
	}
	page_element(page->out, "h2", NULL, title);
	page_bars(page->out, "MSS", shown, count);
}

static void put_head(const struct page *page, const char *now)
{
	const struct doctor_facts *facts = page->report->facts;

	page_begin_styled(page->out, "mssclampctl doctor", style);
	fputs("<p class=\"small\">", page->out);
	put_text(page, now);
	fputs(" &middot; mssclampctl " VERSION " &middot; mssclampd ", page->out);
	put_text(page, field_string(facts->status, "version", "does not answer"));
	fputs(" &middot; Linux ", page->out);
	put_text(page, facts->release);
	fprintf(page->out, " &middot; %s%s</p>\n", facts->net_admin ? "as root" : "not as root",
		page->addresses ? "" : " &middot; addresses are shortened");
}

static void put_guide(const struct page *page)
{
	const struct doctor_symptom *symptom = page->report->symptom;

	if (!symptom)
		return;
	fprintf(page->out, "<h2>About %s</h2>\n", symptom->name);
	for (size_t i = 0; symptom->guide[i]; i++) {
		fputs("<p>", page->out);
		put_text(page, symptom->guide[i]);
		fputs("</p>\n", page->out);
	}
}

void doctor_report_html(const struct doctor_report *report, bool addresses, const char *now,
			FILE *out)
{
	const struct page page = { .out = out, .report = report, .addresses = addresses };
	const json_t *histogram = json_object_get(report->facts->stats, "mss_histogram");

	put_head(&page, now);
	put_summary(&page);
	put_findings(&page, "Found", true);
	put_guide(&page);
	put_tunnels(&page);
	put_histogram(&page, "MSS that arrived", json_object_get(histogram, "before"));
	put_histogram(&page, "MSS that left", json_object_get(histogram, "after"));
	put_findings(&page, "Looked at and in order", false);
	page_end(out);
}
