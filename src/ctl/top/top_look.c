/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/client/client.h"
#include "ctl/mode.h"
#include "ctl/screen/field.h"
#include "ctl/top/top.h"

#define PEERS_A_PAGE_MAX 1000 /* without a border */
#define COUNT_MORE_SECONDS 2.0  /* than two turns, for who is late */
#define COUNT_SECONDS_MAX 10.0 /* the daemon counts no longer for one question */
#define TURN_COUNTED_NS (8 * NS_PER_SECOND) /* the longest that is counted from look to look */
#define AHEAD_NS (3 * NS_PER_SECOND)        /* before a look: rates are of a second */

void top_done(struct top *top)
{
	top_rows_done(&top->rows);
	top_look_done(&top->before);
	top_look_done(&top->now);
	json_decref(top->peers);
	free(top->tunnel);
	free(top->trouble);
}

/* The tunnel that is chosen, wherever it stands after another look. Owned, or NULL. */
static char *chosen_name(const struct top *top)
{
	const char *name = top->moved && top->selected < top->rows.count ?
				   top->rows.list[top->selected].name : NULL;

	return name ? strdup(name) : NULL;
}

/* Takes name. */
static void make_rows(struct top *top, char *name)
{
	top_rows_done(&top->rows);
	if (top->now.stats)
		top_rows_make(&top->before, &top->now, top->sort, top->reverse, &top->rows);
	for (size_t i = 0; name && i < top->rows.count; i++) {
		if (top->rows.list[i].name && strcmp(top->rows.list[i].name, name) == 0)
			top->selected = i;
	}
	free(name);
}

void top_sort_rows(struct top *top)
{
	make_rows(top, chosen_name(top));
}

/* For how long their SYNs are counted: until two looks later, or as long as may be. */
static double count_seconds(const struct top *top)
{
	double seconds = 2 * clock_seconds(top->turn_ns) + COUNT_MORE_SECONDS;

	return seconds < COUNT_SECONDS_MAX ? seconds : COUNT_SECONDS_MAX;
}

/* Peers of one page. NULL: out of memory. */
static json_t *make_question(const struct top *top)
{
	size_t rows = top_page_rows(top);
	json_t *question = json_pack("{s:s?, s:I, s:I, s:s?, s:f}", "tunnel", top->tunnel, "first",
			 (json_int_t)top->first, "max",
			 (json_int_t)(rows < PEERS_A_PAGE_MAX ? rows : PEERS_A_PAGE_MAX), "by",
			 top_sort_of_peers(top->sort), "count_seconds", count_seconds(top));

	if (question && top->reverse) /* a daemon before it knew that answers the rest */
		json_object_set_new(question, "reverse", json_true());
	return question;
}

/* As client_try. */
static int ask_peers(struct top *top, struct client_error *error)
{
	json_t *reply = NULL;
	int r;

	if (top->page != TOP_PEERS)
		return 0;
	r = client_try(&top->ctl, "ListPeers", make_question(top), &reply, error);
	if (r < 0)
		return r;
	json_decref(top->peers);
	top->peers = reply;
	return 0;
}

/* What was seen is too old to be compared with anything. */
static void forget(struct top *top, const struct client_error *error)
{
	top_rows_done(&top->rows);
	top_look_done(&top->before);
	top_look_done(&top->now);
	json_decref(top->peers);
	top->peers = NULL;
	free(top->trouble);
	top->trouble = strdup(client_error_text(error));
}

static int ask(struct top *top, struct top_look *look, struct client_error *error)
{
	int r = client_try(&top->ctl, "GetStats", NULL, &look->stats, error);

	look->at_ns = clock_boottime_ns();
	if (r == 0) {
		client_error_done(error);
		r = client_try(&top->ctl, "ListTunnels", NULL, &look->tunnels, error);
	}
	if (r == 0) {
		client_error_done(error);
		r = ask_peers(top, error);
	}
	return r;
}

int top_look(struct top *top, struct client_error *ret_error)
{
	struct top_look look = { 0 };
	int r = ask(top, &look, ret_error);
	enum ctl_mode mode;
	char *chosen;

	if (r < 0) {
		top_look_done(&look);
		if (r != -EINTR)
			forget(top, ret_error);
		return r == -EINTR ? r : (int)ret_error->code;
	}
	free(top->trouble);
	top->trouble = NULL;
	mode = mode_ask(&top->ctl);
	top->audit = mode == CTL_MODE_AUDIT;
	top->offload = mode == CTL_MODE_OFFLOAD;
	chosen = chosen_name(top);
	top_look_done(&top->before);
	top->before = top->now;
	top->now = look;
	make_rows(top, chosen);
	return CTL_OK;
}

bool top_look_peers(struct top *top)
{
	struct client_error error = { .code = CTL_FAILED };
	int r = ask_peers(top, &error);

	if (r < 0 && r != -EINTR)
		forget(top, &error);
	client_error_done(&error);
	return r != -EINTR;
}

uint64_t top_ahead_ns(const struct top *top, uint64_t next_ns)
{
	return top->turn_ns > TURN_COUNTED_NS ? next_ns - AHEAD_NS : UINT64_MAX;
}

void top_count_ahead(const struct top *top)
{
	struct client_error error = { 0 };
	json_t *reply = NULL;

	if (top->page != TOP_PEERS)
		return;
	if (client_try(&top->ctl, "ListPeers",
		       json_pack("{s:s?, s:i, s:f}", "tunnel", top->tunnel, "max", 0,
				 "count_seconds", COUNT_SECONDS_MAX), &reply, &error) == 0)
		json_decref(reply);
	client_error_done(&error);
}

size_t top_row_count(const struct top *top)
{
	if (top->page == TOP_PEERS)
		return (size_t)field_count(top->peers, "peers_total");
	return top->rows.count;
}
