/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/top/top_act.h"

#include <stdlib.h>
#include <string.h>

void top_act_keep_in_view(struct top *top)
{
	size_t count = top_row_count(top), rows = top_page_rows(top);

	if (top->page == TOP_HELP || (top->page == TOP_PEERS && !top->peers))
		return;
	if (top->page == TOP_TUNNELS) {
		if (top->selected >= count)
			top->selected = count ? count - 1 : 0;
		if (top->selected < top->first)
			top->first = top->selected;
		if (top->selected - top->first >= rows)
			top->first = top->selected - rows + 1;
	}
	if (top->first >= count)
		top->first = count > rows ? count - rows : 0;
}

/* Moves by so many rows, down where down. */
static bool move(struct top *top, size_t by, bool down)
{
	size_t *at = top->page == TOP_PEERS ? &top->first : &top->selected;
	size_t count = top_row_count(top), rows = top_page_rows(top);
	size_t last = top->page == TOP_PEERS ? (count > rows ? count - rows : 0) :
					       (count ? count - 1 : 0);

	top->moved |= top->page == TOP_TUNNELS;
	if (down)
		*at = last - *at < by || *at > last ? last : *at + by;
	else
		*at = *at < by ? 0 : *at - by;
	top_act_keep_in_view(top);
	return top->page != TOP_PEERS || top_look_peers(top);
}

static bool enter_page(struct top *top, enum top_page page, const char *tunnel)
{
	char *name = tunnel ? strdup(tunnel) : NULL;

	free(top->tunnel);
	top->tunnel = name;
	top->page = page;
	top->first = 0;
	json_decref(top->peers);
	top->peers = NULL;
	if (page == TOP_PEERS)
		return top_look_peers(top);
	top_act_keep_in_view(top);
	return true;
}

static bool enter_peers(struct top *top)
{
	if (top->page != TOP_TUNNELS || top->selected >= top->rows.count ||
	    !top->rows.list[top->selected].name)
		return true;
	return enter_page(top, TOP_PEERS, top->rows.list[top->selected].name);
}

/* What it covers stays as it is. */
static bool enter_help(struct top *top)
{
	top->behind = top->page;
	top->page = TOP_HELP;
	return true;
}

static bool leave_help(struct top *top)
{
	top->page = top->behind;
	if (top->page == TOP_PEERS)
		return top_look_peers(top);
	top_act_keep_in_view(top);
	return true;
}

static bool sort_anew(struct top *top)
{
	top_sort_rows(top);
	return top->page != TOP_PEERS || top_look_peers(top);
}

static bool sort_otherwise(struct top *top)
{
	top->sort = top_sort_next(top->sort, top->page == TOP_PEERS);
	return sort_anew(top);
}

static bool reverse(struct top *top)
{
	top->reverse = !top->reverse;
	return sort_anew(top);
}

bool top_act(struct top *top, enum top_key key)
{
	size_t page = top_page_rows(top);

	if (top->page == TOP_HELP) /* whatever it is */
		return leave_help(top);
	switch (key) {
	case TOP_KEY_SORT:
		return sort_otherwise(top);
	case TOP_KEY_REVERSE:
		return reverse(top);
	case TOP_KEY_UP:
	case TOP_KEY_DOWN:
		return move(top, 1, key == TOP_KEY_DOWN);
	case TOP_KEY_PAGE_UP:
	case TOP_KEY_PAGE_DOWN:
		return move(top, page, key == TOP_KEY_PAGE_DOWN);
	case TOP_KEY_HOME:
	case TOP_KEY_END:
		return move(top, SIZE_MAX / 2, key == TOP_KEY_END);
	case TOP_KEY_ENTER:
		return enter_peers(top);
	case TOP_KEY_PEERS:
		return enter_page(top, TOP_PEERS, NULL);
	case TOP_KEY_BACK:
	case TOP_KEY_TUNNELS:
		return enter_page(top, TOP_TUNNELS, NULL);
	case TOP_KEY_HELP:
		return enter_help(top);
	case TOP_KEY_NONE:
	case TOP_KEY_QUIT:
	case TOP_KEY_NOW:
		break;
	}
	return true;
}
