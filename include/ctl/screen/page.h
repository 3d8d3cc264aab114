/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A self-contained HTML page: no script, no reference to anything outside, pictures as inline SVG.
 * All texts are escaped here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PAGE_ADDRESS_MAX 48 /* bytes that hold any address, shortened or not */

struct page_bar {
	const char *label;
	uint64_t value;
	uint64_t part;    /* of it, drawn in the colour of alarm */
	const char *note; /* what stands behind the bar, or NULL */
};

void page_begin(FILE *out, const char *title);
/* The same with style of its own behind the common one. */
void page_begin_styled(FILE *out, const char *title, const char *style);
void page_end(FILE *out);

/* Text in which nothing is markup; control characters become blanks. */
void page_text(FILE *out, const char *text);
/* <element class="class">text</element>; class may be NULL. */
void page_element(FILE *out, const char *element, const char *class_name, const char *text);
/* The first row of a table, ended by NULL; the caller closes it by "</table>". A title that begins
 * with PAGE_RIGHT stands over numbers, cells of class "n". */
#define PAGE_RIGHT '>'
void page_table(FILE *out, const char *const *titles);

/* Horizontal bars, the longest as wide as the picture. */
void page_bars(FILE *out, const char *title, const struct page_bar *bars, size_t count);

/* The text with each IP and MAC address in it cut to its head: "203.0.x.x", "2001:db8:x". Owned, or
 * NULL without memory. Pure. */
char *page_shorten(const char *text);

/* The same of one address, which page_shorten defines. */
const char *page_short_address(const char *address, char text[PAGE_ADDRESS_MAX]);
