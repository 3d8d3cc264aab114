/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control_fixture.h"

#include "daemon/discovery/peer_changes.h"
#include "tunnel_world.h"

/* wg0 with two peers and a stranger, and a policy: what it was before. */
static void before(struct world *w)
{
	struct peer *peer;

	open_world(w);
	add_link(w, 7, "wg0", "wireguard", 1420);
	add_peer(w, 7, "192.0.2.7", "10.8.0.7/32", ENCAP_WIREGUARD)->endpoint_port = 51820;
	add_peer(w, 7, "2001:db8::8", "10.8.0.8/32", ENCAP_WIREGUARD)->name = strdup("bob");
	peer = add_peer(w, 7, NULL, "0.0.0.0/0", ENCAP_WIREGUARD);
	free(peer->id);
	peer->id = NULL;
	add_policy(w, "10.1.0.0/24", "10.2.0.0/24", "203.0.113.9", false);
}

static struct peer *peer(struct world *w, size_t place) { return &w->peers->list[place]; }

static void rename_peer(struct world *w, size_t place, const char *id)
{
	free(peer(w, place)->id);
	peer(w, place)->id = strdup(id);
}

static void nothing(struct world *w) { (void)w; }
static void handshake(struct world *w) { peer(w, 0)->handshake = 1000; }
static void roams(struct world *w) { peer(w, 0)->way.destination = address("192.0.2.77"); }
static void another_port(struct world *w) { peer(w, 0)->endpoint_port = 1024; }
static void another_family(struct world *w)
{
	peer(w, 1)->way.destination = address("192.0.2.8");
	w->links[1].mtu = 1400; /* so that the largest packet stays */
}
static void endpoint_lost(struct world *w) { peer(w, 0)->has_endpoint = false; }
static void path_of_all(struct world *w) { w->links[0].mtu = 1492; }
static void path_of_one(struct world *w) { add_route(w, "192.0.2.7/32", 2)->mtu = 1400; }
static void measured(struct world *w)
{
	add_measure(w, "wg0", "10.8.0.7/32", "192.0.2.7", 1433);
}
static void confirmed(struct world *w)
{
	add_measure(w, "wg0", "10.8.0.7/32", "192.0.2.7", 1500);
}
static void gone(struct world *w)
{
	peer_done(peer(w, 1));
	*peer(w, 1) = *peer(w, 3);
	w->peers->count--;
	*peer(w, 3) = (struct peer){ 0 };
}
static void comes(struct world *w)
{
	add_peer(w, 7, "192.0.2.9", "10.8.0.9/32", ENCAP_WIREGUARD);
}
static void comes_first(struct world *w)
{
	struct peer last;
	size_t place;

	comes(w);
	place = w->peers->count - 1;
	last = *peer(w, place);
	memmove(peer(w, 1), peer(w, 0), place * sizeof(last));
	*peer(w, 0) = last;
}
static void another_id(struct world *w) { rename_peer(w, 0, "10.8.0.70/32"); }
static void other_order(struct world *w)
{
	struct peer first = *peer(w, 0);

	*peer(w, 0) = *peer(w, 3);
	*peer(w, 3) = first;
}
static void stranger_known(struct world *w) { peer(w, 2)->id = strdup("0.0.0.0/0"); }
static void link_renamed(struct world *w) { strcpy(w->links[1].name, "vpn0"); }
static void policy_rekeys(struct world *w)
{
	assert_int_equal(encap_set_esp_cipher(&peer(w, 3)->layer[0], "AES-CBC", "SHA256"), 0);
}
static void no_text(struct world *w)
{
	free(peer(w, 1)->name);
	peer(w, 1)->name = strdup("b\xff");
	peer(w, 1)->endpoint_port = 1;
}

/* What one event says: "EVENT TUNNEL PEER FIELD OLD NEW", of each field that differs. */
static const struct {
	const char *name;
	void (*change)(struct world *world);
	const char *told;
} cases[] = {
	{ "nothing",         nothing,        "" },
	{ "handshake",       handshake,      "" },
	{ "roams",           roams,
	  "peer_changed wg0 10.8.0.7/32: endpoint 192.0.2.7:51820 192.0.2.77:51820\n" },
	{ "another port",    another_port,
	  "peer_changed wg0 10.8.0.7/32: endpoint 192.0.2.7:51820 192.0.2.7:1024\n" },
	{ "another family",  another_family,
	  "peer_changed wg0 10.8.0.7/32: inner_mtu_bytes 1420 1400\n"
	  "peer_changed wg0 10.8.0.8/32: endpoint 2001:db8::8 192.0.2.8, "
	  "inner_mtu_bytes 1420 1400\n" },
	{ "endpoint lost",   endpoint_lost,
	  "peer_changed wg0 10.8.0.7/32: endpoint 192.0.2.7:51820 null\n" },
	{ "path of all",     path_of_all,
	  "peer_changed ipsec:203.0.113.9 10.2.0.0/24: path_mtu_bytes 1500 1492, "
	  "inner_mtu_bytes 1446 1438\n"
	  "peer_changed wg0 10.8.0.7/32: path_mtu_bytes 1500 1492\n"
	  "peer_changed wg0 10.8.0.8/32: path_mtu_bytes 1500 1492, inner_mtu_bytes 1420 1408\n" },
	{ "path of one",     path_of_one,
	  "peer_changed wg0 10.8.0.7/32: path_mtu_bytes 1500 1400, path_source link route, "
	  "inner_mtu_bytes 1420 1328\n" },
	{ "measured",        measured,
	  "peer_changed wg0 10.8.0.7/32: path_mtu_bytes 1500 1433, path_source link probe, "
	  "inner_mtu_bytes 1420 1360\n" },
	{ "confirmed",       confirmed,      "" },
	{ "gone",            gone,           "peer_removed wg0 10.8.0.8/32\n" },
	{ "comes",           comes,          "peer_added wg0 10.8.0.9/32\n" },
	{ "comes first",     comes_first,    "peer_added wg0 10.8.0.9/32\n" },
	{ "another id",      another_id,
	  "peer_added wg0 10.8.0.70/32\npeer_removed wg0 10.8.0.7/32\n" },
	{ "another order",   other_order,    "" },
	{ "stranger known",  stranger_known, "peer_added wg0 0.0.0.0/0\n" },
	{ "link renamed",    link_renamed,
	  "peer_added vpn0 10.8.0.7/32\npeer_added vpn0 10.8.0.8/32\n"
	  "peer_removed wg0 10.8.0.7/32\npeer_removed wg0 10.8.0.8/32\n" },
	{ "policy rekeys",   policy_rekeys,
	  "peer_changed ipsec:203.0.113.9 10.2.0.0/24: inner_mtu_bytes 1446 1438\n" },
	{ "a name no text",  no_text,
	  "peer_changed wg0 10.8.0.8/32: name bob b?, endpoint 2001:db8::8 [2001:db8::8]:1\n" },
};

static void print_value(FILE *out, const json_t *value)
{
	if (json_is_string(value))
		fprintf(out, " %s", json_string_value(value));
	else if (json_is_integer(value))
		fprintf(out, " %" JSON_INTEGER_FORMAT, json_integer_value(value));
	else
		fputs(" null", out);
}

static void print_event(FILE *out, const json_t *event)
{
	json_t *old = json_object_get(event, "old"), *new = json_object_get(event, "new"), *was;
	const char *name = json_string_value(json_object_get(event, "event")), *key;
	const char *between = ": ";

	fprintf(out, "%s %s %s", name, json_string_value(json_object_get(event, "tunnel")),
		json_string_value(json_object_get(event, "peer")));
	assert_int_equal(json_is_null(old), strcmp(name, "peer_added") == 0);
	assert_int_equal(json_is_null(new), strcmp(name, "peer_removed") == 0);
	json_object_foreach(old, key, was) {
		const json_t *is = json_object_get(new, key);

		if (!is || json_equal(was, is))
			continue;
		fprintf(out, "%s%s", between, key);
		print_value(out, was);
		print_value(out, is);
		between = ", ";
	}
	fputc('\n', out);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What a listener got, each event a line, in order. Owned. */
static char *told_by(const struct received *got)
{
	char *lines[64], *text = NULL;
	size_t count = 0, len;
	FILE *out;

	for (size_t at = 0; at < got->len; at += strlen(got->bytes + at) + 1) {
		json_t *message = json_loads(got->bytes + at, 0, NULL);

		assert_non_null(message);
		assert_true(count < COUNT(lines));
		out = open_memstream(&lines[count++], &len);
		print_event(out, json_object_get(message, "parameters"));
		fclose(out);
		json_decref(message);
	}
	qsort(lines, count, sizeof(*lines), compare_lines);
	out = open_memstream(&text, &len);
	for (size_t i = 0; i < count; i++) {
		fputs(lines[i], out);
		free(lines[i]);
	}
	fclose(out);
	return text;
}

static int listen_to(struct fixture *f)
{
	int fd = connect_to(f->path);

	f->subscribe = SUBSCRIBE_SILENTLY;
	send_all(fd, ROW(SUBSCRIBE));
	pump(f);
	return fd;
}

static void test_what_is_told(void **state)
{
	struct fixture *f = *state;
	const struct events events = { .control = f->control };
	int fd = listen_to(f);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct received got;
		struct world old, new;
		char *told;

		before(&old);
		build(&old);
		before(&new);
		cases[i].change(&new);
		build(&new);
		peer_changes_tell(old.set, new.set, &events);
		got = talk(f, fd);
		told = told_by(&got);
		if (strcmp(told, cases[i].told) != 0)
			fail_msg("%s:\n%s", cases[i].name, told);
		free(told);
		free(got.bytes);
		close_world(&old);
		close_world(&new);
	}
	close(fd);
}

static void test_first_look_is_no_news(void **state)
{
	struct fixture *f = *state;
	const struct events events = { .control = f->control };
	int fd = listen_to(f);
	struct received got;
	struct world world;

	before(&world);
	build(&world);
	peer_changes_tell(NULL, world.set, &events);
	got = talk(f, fd);
	assert_int_equal(got.len, 0);
	free(got.bytes);
	close_world(&world);
	close(fd);
}

/* Two policies that differ in what the id does not tell stay apart, whatever their order in memory. */
static void test_peers_of_one_id_are_compared_in_their_order(void **state)
{
	struct fixture *f = *state;
	const struct events events = { .control = f->control };
	int fd = listen_to(f);
	struct world old, new;
	struct received got;
	char *told;

	before(&old);
	before(&new);
	for (uint16_t i = 1; i < 30; i++) {
		add_peer(&old, 7, "192.0.2.9", "10.8.0.9/32", ENCAP_WIREGUARD)->endpoint_port = i;
		add_peer(&new, 7, "192.0.2.9", "10.8.0.9/32", ENCAP_WIREGUARD)->endpoint_port = i;
	}
	build(&old);
	comes_first(&new);
	rename_peer(&new, 0, "0");
	build(&new);
	peer_changes_tell(old.set, new.set, &events);
	got = talk(f, fd);
	told = told_by(&got);
	assert_string_equal(told, "peer_added wg0 0\n");
	free(told);
	free(got.bytes);
	close_world(&old);
	close_world(&new);
	close(fd);
}

/* Many at once: listeners hear of each, the log of the first few. */
static void test_many_at_once(void **state)
{
	struct fixture *f = *state;
	const struct events events = { .control = f->control };
	int fd = listen_to(f), pipes[2], saved = dup(STDERR_FILENO);
	char log[65536];
	struct world old, new;
	struct received got;
	size_t lines = 0;
	ssize_t n;

	before(&old);
	build(&old);
	before(&new);
	for (int i = 0; i < 300; i++) {
		char id[16];

		snprintf(id, sizeof(id), "%d", i);
		add_peer(&new, 7, "192.0.2.9", "10.8.0.9/32", ENCAP_WIREGUARD);
		rename_peer(&new, new.peers->count - 1, id);
	}
	build(&new);
	assert_int_equal(pipe(pipes), 0);
	dup2(pipes[1], STDERR_FILENO);
	log_set_max(LOG_INFO);
	peer_changes_tell(old.set, new.set, &events);
	log_set_max(LOG_CRIT);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pipes[1]);
	n = read(pipes[0], log, sizeof(log) - 1);
	assert_true(n > 0);
	log[n] = '\0';
	close(pipes[0]);
	for (const char *at = log; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, 21);
	assert_non_null(strstr(log, "and 280 more changes of peers"));
	got = talk(f, fd);
	assert_int_equal(count_messages(&got), 300);
	free(got.bytes);
	close_world(&old);
	close_world(&new);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(test_what_is_told),
		WITH_SERVER(test_first_look_is_no_news),
		WITH_SERVER(test_peers_of_one_id_are_compared_in_their_order),
		WITH_SERVER(test_many_at_once),
	};

	log_set_max(LOG_CRIT);
	return cmocka_run_group_tests_name("peer_changes", tests, NULL, NULL);
}
