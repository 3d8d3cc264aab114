/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/screen/page.h"

#include <stdlib.h>

#define LABEL_WIDTH 150 /* pixels in front of the bars */
#define BAR_WIDTH 420
#define NOTE_WIDTH 190
#define ROW_HEIGHT 22
#define TEXT_DOWN 15    /* from a row's top to the line its text stands on */

static const char style[] =
	"body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
	"color:#1b1f24;background:#fff}"
	"h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}"
	"table{border-collapse:collapse;width:100%;font-size:.9rem}"
	"th,td{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #d8dee4;"
	"vertical-align:top}"
	"th.n,td.n{text-align:right;font-variant-numeric:tabular-nums;padding-right:1.6rem}"
	".bad{color:#b3261e;font-weight:600}.warn{color:#8a5300;font-weight:600}"
	".good{color:#1a7f37;font-weight:600}.small{color:#57606a;font-size:.85rem}"
	"svg{max-width:100%;height:auto}svg text{font:13px system-ui,sans-serif;fill:#1b1f24}"
	"svg .all{fill:#4c78a8}svg .part{fill:#c8372d}svg,svg *{print-color-adjust:exact;"
	"-webkit-print-color-adjust:exact}"
	"@media print{body{margin:0;max-width:none;font-size:12px}h2{break-after:avoid}}"
	"@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}"
	"svg text{fill:#e6edf3}th,td{border-color:#30363d}.bad{color:#ff7b72}.warn{color:#e3a008}"
	".good{color:#56d364}.small{color:#9aa4ae}svg .all{fill:#6ea8e0}svg .part{fill:#ff7b72}}";

void page_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '<')
			fputs("&lt;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else if (c == '&')
			fputs("&amp;", out);
		else if (c == '"')
			fputs("&quot;", out);
		else
			putc(c < ' ' || c == 0x7f ? ' ' : c, out);
	}
}

void page_element(FILE *out, const char *element, const char *class_name, const char *text)
{
	fprintf(out, "<%s", element);
	if (class_name)
		fprintf(out, " class=\"%s\"", class_name);
	putc('>', out);
	page_text(out, text);
	fprintf(out, "</%s>\n", element);
}

void page_begin(FILE *out, const char *title)
{
	page_begin_styled(out, title, "");
}

void page_begin_styled(FILE *out, const char *title, const char *more)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n", out);
	page_element(out, "title", NULL, title);
	fprintf(out, "<style>%s%s</style>\n</head>\n<body>\n", style, more);
	page_element(out, "h1", NULL, title);
}

void page_end(FILE *out)
{
	page_element(out, "p", "small", "Made by mssclampctl " VERSION ".");
	fputs("</body>\n</html>\n", out);
}

void page_table(FILE *out, const char *const *titles)
{
	fputs("<table>\n<tr>", out);
	for (; *titles; titles++) {
		bool right = **titles == PAGE_RIGHT;

		page_element(out, "th", right ? "n" : NULL, *titles + right);
	}
	fputs("</tr>\n", out);
}

static double width_of(uint64_t value, uint64_t largest)
{
	double width = largest ? (double)BAR_WIDTH * (double)value / (double)largest : 0;

	return value && width < 1 ? 1 : width; /* what is there is seen */
}

static void put_bar(FILE *out, const struct page_bar *bar, size_t row, uint64_t largest)
{
	size_t top = row * ROW_HEIGHT;

	fprintf(out, "<text x=\"%d\" y=\"%zu\" text-anchor=\"end\">", LABEL_WIDTH - 10,
		top + TEXT_DOWN);
	page_text(out, bar->label);
	fprintf(out, "</text><rect class=\"all\" x=\"%d\" y=\"%zu\" width=\"%.1f\" height=\"%d\"/>",
		LABEL_WIDTH, top + 3, width_of(bar->value, largest), ROW_HEIGHT - 6);
	if (bar->part)
		fprintf(out,
			"<rect class=\"part\" x=\"%d\" y=\"%zu\" width=\"%.1f\" height=\"%d\"/>",
			LABEL_WIDTH, top + 3, width_of(bar->part, largest), ROW_HEIGHT - 6);
	fprintf(out, "<text x=\"%.1f\" y=\"%zu\">", LABEL_WIDTH + 8 + width_of(bar->value, largest),
		top + TEXT_DOWN);
	if (bar->note)
		page_text(out, bar->note);
	fputs("</text>\n", out);
}

void page_bars(FILE *out, const char *title, const struct page_bar *bars, size_t count)
{
	uint64_t largest = 0;

	for (size_t i = 0; i < count; i++)
		if (bars[i].value > largest)
			largest = bars[i].value;
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
		     "viewBox=\"0 0 %d %zu\" width=\"%d\">\n",
		LABEL_WIDTH + BAR_WIDTH + NOTE_WIDTH, count * ROW_HEIGHT + 4,
		LABEL_WIDTH + BAR_WIDTH + NOTE_WIDTH);
	page_element(out, "title", NULL, title);
	for (size_t i = 0; i < count; i++)
		put_bar(out, &bars[i], i, largest);
	fputs("</svg>\n", out);
}

const char *page_short_address(const char *address, char text[PAGE_ADDRESS_MAX])
{
	char *shorter = page_shorten(address);

	snprintf(text, PAGE_ADDRESS_MAX, "%s", shorter ? shorter : "-");
	free(shorter);
	return text;
}
