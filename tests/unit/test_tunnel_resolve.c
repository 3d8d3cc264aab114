/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random machines, resolved by the tunnel set and by a second reckoning that knows nothing of it: no
 * order, no memory, each question followed to its end anew. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/probe/probe_target.h"
#include "policy/tunnel/tunnel_set.h"

#define DEVICES 3      /* hardware: ifindex 1 to 3; the default route leaves by the first */
#define TUNNELS 7      /* behind them, each over one before it */
#define LINKS (DEVICES + TUNNELS)
#define PEERS 3        /* of one tunnel at most */
#define FLOOR 1280
#define WORLDS 4000

enum shape { DEVICE, WIREGUARD, OPENVPN, TAP, GRE, VXLAN, LEARNING, PPPOE, VLAN, BRIDGE, CONFIGURED,
	     SHAPES };

/* One far end: its address tells which it is. */
struct end {
	bool six, reachable, locked, behind; /* behind: packets to 10.LINK.PEER.1 belong to it */
	unsigned int by;                     /* link that the route leads to */
	uint32_t metric;
	uint32_t hint, hint_ifindex;         /* hint 0: none; ifindex 0: any */
	uint32_t measure;                    /* 0: none */
	int inside;                          /* the peer of `by` that it is behind, -1 none */
};

struct model_link {
	enum shape shape;
	uint32_t mtu, mtu6;
	unsigned int lower;      /* of VLAN and PPPoE */
	unsigned int master;     /* 0 none */
	struct end ends[PEERS];
	unsigned int end_count;
	uint32_t path_mtu, extra;
	unsigned int over;       /* 0 none */
};

struct machine {
	struct model_link links[LINKS + 1]; /* by ifindex */
	bool hints_need_probe;
	uint64_t random;
};

static unsigned int draw(struct machine *m, unsigned int below)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return (unsigned int)(m->random >> 33) % below;
}

static bool chance(struct machine *m, unsigned int one_in)
{
	return draw(m, one_in) == 0;
}

static uint32_t draw_mtu(struct machine *m)
{
	static const uint32_t mtus[] = { 1400, 1420, 1472, 1492, 1500, 9000 };

	return chance(m, 2) ? mtus[draw(m, 6)] : 1300 + draw(m, 250);
}

/* circles: a way may lead anywhere, else only to links before this one. */
static void draw_end(struct machine *m, unsigned int ifindex, bool circles, struct end *end)
{
	const struct model_link *by;

	*end = (struct end){ .reachable = !chance(m, 12), .six = chance(m, 3), .inside = -1 };
	end->by = 1 + draw(m, circles ? LINKS : ifindex - 1);
	end->behind = m->links[ifindex].shape != LEARNING && m->links[ifindex].shape != GRE &&
		      m->links[ifindex].shape != VXLAN && !chance(m, 4);
	if (chance(m, 3))
		end->metric = draw_mtu(m);
	end->locked = end->metric && chance(m, 2);
	if (chance(m, 3)) {
		end->hint = chance(m, 3) ? 552 + draw(m, 700) : draw_mtu(m);
		end->hint_ifindex = chance(m, 2) ? 0 : chance(m, 3) ? LINKS + 1 : end->by;
	}
	if (chance(m, 4))
		end->measure = draw_mtu(m);
	by = &m->links[end->by];
	if (!end->six && by->end_count > 0 && chance(m, 2)) {
		unsigned int peer = draw(m, by->end_count);

		if (by->ends[peer].behind)
			end->inside = (int)peer;
	}
}

static void draw_tunnel(struct machine *m, unsigned int ifindex, bool circles)
{
	struct model_link *link = &m->links[ifindex];

	link->shape = WIREGUARD + (enum shape)draw(m, SHAPES - WIREGUARD);
	link->mtu = draw_mtu(m);
	link->lower = 1 + draw(m, ifindex - 1);
	switch (link->shape) {
	case WIREGUARD:
	case OPENVPN:
	case TAP:
	case LEARNING:
		link->end_count = draw(m, PEERS + 1);
		break;
	case GRE:
	case VXLAN:
	case PPPOE:
		link->end_count = 1;
		break;
	default:
		break;
	}
	for (unsigned int i = 0; i < link->end_count; i++)
		draw_end(m, ifindex, circles, &link->ends[i]);
	if (chance(m, 6))
		link->path_mtu = draw_mtu(m);
	if (chance(m, 5))
		link->extra = 1 + draw(m, 40);
	if (chance(m, 6))
		link->over = 1 + draw(m, ifindex - 1);
	/* A bridge takes ports that came before it, and of each other's none. */
	for (unsigned int i = 1; link->shape == BRIDGE && i < ifindex; i++) {
		if (m->links[i].shape != BRIDGE && !m->links[i].master && chance(m, 3))
			m->links[i].master = ifindex;
	}
}

static void draw_machine(struct machine *m, uint64_t seed, bool circles)
{
	*m = (struct machine){ .random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1 };
	m->hints_need_probe = chance(m, 2);
	for (unsigned int i = 1; i <= DEVICES; i++) {
		m->links[i].mtu = draw_mtu(m);
		m->links[i].mtu6 = chance(m, 3) ? 1280 + draw(m, 200) : 0;
	}
	for (unsigned int i = DEVICES + 1; i <= LINKS; i++)
		draw_tunnel(m, i, circles);
}

/* The second reckoning. 0: nobody knows. */

static uint32_t least(uint32_t a, uint32_t b)
{
	return !a || (b && b < a) ? b : a;
}

struct sum { uint32_t outer, inner; };

static struct sum reckon_peer(const struct machine *m, unsigned int ifindex, unsigned int peer);
static struct sum reckon_link(const struct machine *m, unsigned int ifindex);

static uint32_t through(const struct model_link *link, uint32_t outer, bool six)
{
	uint32_t ip = six ? 40 : 20, left;

	if (!outer)
		return 0;
	left = outer - link->extra - ip;
	switch (link->shape) {
	case WIREGUARD:
		left -= 8 + 32; /* UDP, header and tag */
		return link->mtu <= left ? link->mtu : left & ~15u;
	case OPENVPN:
	case CONFIGURED:
		return least(link->mtu, left - 8 - 24); /* UDP; opcode 4, packet id 4, tag 16 */
	case TAP:
		return least(link->mtu, left - 8 - 24 - 14); /* the same, Ethernet */
	case GRE:
		return left - 4;
	case VXLAN:
	case LEARNING:
		return left - 8 - 8 - 14; /* UDP, VXLAN, Ethernet */
	case PPPOE:
		return outer - link->extra - 8;
	default:
		fail();
		return 0;
	}
}

/* What a link takes of packets that go to whomever. */
static uint32_t over_link(const struct machine *m, unsigned int ifindex, bool six)
{
	const struct model_link *link = &m->links[ifindex];
	uint32_t mtu = six ? least(link->mtu, link->mtu6) : link->mtu;

	return least(mtu, reckon_link(m, ifindex).inner);
}

static uint32_t to_end(const struct machine *m, const struct end *end)
{
	uint32_t mtu;

	if (!end->reachable)
		return 0;
	mtu = least(over_link(m, end->by, end->six), end->metric);
	if (end->inside >= 0)
		mtu = least(mtu, reckon_peer(m, end->by, (unsigned int)end->inside).inner);
	if (end->measure)
		return least(mtu, end->measure);
	if (end->hint && !m->hints_need_probe && !end->locked && (!end->hint_ifindex || end->hint_ifindex == end->by))
		mtu = least(mtu, end->hint < FLOOR ? FLOOR : end->hint);
	return mtu;
}

static struct sum reckon_peer(const struct machine *m, unsigned int ifindex, unsigned int peer)
{
	const struct model_link *link = &m->links[ifindex];
	const struct end *end = &link->ends[peer];
	struct sum sum;

	if (link->path_mtu)
		sum.outer = link->path_mtu;
	else if (link->over)
		sum.outer = over_link(m, link->over, end->six && link->shape != PPPOE);
	else if (link->shape == PPPOE)
		sum.outer = over_link(m, link->lower, false);
	else
		sum.outer = to_end(m, end);
	sum.inner = through(link, sum.outer, end->six);
	return sum;
}

/* Strangers come by the first device, with either family. */
static struct sum reckon_strangers(const struct machine *m, unsigned int ifindex)
{
	const struct model_link *link = &m->links[ifindex];
	struct sum sums[2];

	for (int six = 0; six < 2; six++) {
		sums[six].outer = link->path_mtu ? link->path_mtu :
				  over_link(m, link->over ? link->over : 1, six);
		sums[six].inner = through(link, sums[six].outer, six);
	}
	return sums[0].inner < sums[1].inner ? sums[0] : sums[1];
}

/* behind: peers with addresses behind them count too. */
static struct sum worst(const struct machine *m, unsigned int ifindex, bool behind)
{
	const struct model_link *link = &m->links[ifindex];
	struct sum found = { 0 };

	for (unsigned int i = 0; i < link->end_count; i++) {
		struct sum sum = { 0 };

		if (behind || !link->ends[i].behind)
			sum = reckon_peer(m, ifindex, i);
		if (sum.inner && (!found.inner || sum.inner < found.inner))
			found = sum;
	}
	return found;
}

static struct sum narrowest(const struct machine *m, unsigned int ifindex)
{
	struct sum own = reckon_link(m, ifindex), peers = { 0 };

	if (m->links[ifindex].shape != GRE && m->links[ifindex].shape != VXLAN)
		peers = worst(m, ifindex, true);
	return !own.inner || (peers.inner && peers.inner < own.inner) ? peers : own;
}

static struct sum reckon_link(const struct machine *m, unsigned int ifindex)
{
	const struct model_link *link = &m->links[ifindex];
	struct sum sum = { 0 };

	switch (link->shape) {
	case GRE:
	case VXLAN:
		return reckon_peer(m, ifindex, 0);
	case LEARNING:
		/* Nobody learned yet, but the configuration knows the path. */
		if (link->end_count == 0 && (link->path_mtu || link->over))
			return reckon_strangers(m, ifindex);
		return worst(m, ifindex, false);
	case CONFIGURED:
		return reckon_strangers(m, ifindex);
	case VLAN:
		sum = narrowest(m, link->lower);
		sum.inner -= sum.inner ? 4 : 0;
		return sum;
	case BRIDGE:
		for (unsigned int i = 1; i <= LINKS; i++) {
			struct sum port = { 0 };

			if (m->links[i].master == ifindex)
				port = narrowest(m, i);
			if (port.inner && (!sum.inner || port.inner < sum.inner))
				sum = port;
		}
		return sum;
	default: /* what the peers of the others come to is theirs alone */
		return sum;
	}
}

/* The same machine as the set is told of it. */
struct told {
	const struct machine *m;
	struct link links[LINKS];
	struct peer_list *peers;
	struct path_hint hints[LINKS * PEERS];
	size_t hint_count;
	struct path_measure measures[LINKS * PEERS];
	char measured_as[LINKS * PEERS][16];
	size_t measure_count;
	struct tunnel_override overrides[LINKS];
	size_t override_count;
	char names[LINKS + 1][IF_NAMESIZE];
	size_t first_peer[LINKS + 2];
	struct tunnel_set *set;
};

/* An address that says whose it is; behind another peer it has that one's first bytes. */
static struct address address_of(const struct machine *m, unsigned int ifindex, unsigned int peer)
{
	const struct end *end = &m->links[ifindex].ends[peer];
	struct address address = { .family = end->six ? FAMILY_IPV6 : FAMILY_IPV4 };
	uint8_t bytes[] = { 172, 16, (uint8_t)ifindex, (uint8_t)peer };

	if (end->inside >= 0)
		memcpy(bytes, (uint8_t[]){ 10, (uint8_t)(end->by * 4 + (unsigned int)end->inside) },
		       2);
	memcpy(address.bytes, bytes, sizeof(bytes));
	return address;
}

static bool find_way(void *userdata, const struct path_question *question,
		     struct path_answer *ret_answer)
{
	const struct told *told = userdata;
	const uint8_t *bytes = question->destination.bytes;
	const struct end *end;

	*ret_answer = (struct path_answer){ .reachable = true, .ifindex = 1 };
	if (bytes[0] != 172 && bytes[0] != 10)
		return true; /* anywhere */
	end = &told->m->links[bytes[2]].ends[bytes[3]];
	ret_answer->reachable = end->reachable;
	ret_answer->ifindex = end->by;
	ret_answer->mtu = end->metric;
	ret_answer->mtu_locked = end->locked;
	return true;
}

static const struct { const char *kind; struct encap encap; } shapes[SHAPES] = {
	[DEVICE] = { "", { 0 } },
	[WIREGUARD] = { "wireguard", { .kind = ENCAP_WIREGUARD } },
	[OPENVPN] = { "tun", { .kind = ENCAP_OPENVPN } },
	[TAP] = { "tun", { .kind = ENCAP_OPENVPN } },
	[GRE] = { "gre", { .kind = ENCAP_GRE } },
	[VXLAN] = { "vxlan", { .kind = ENCAP_VXLAN } },
	[LEARNING] = { "vxlan", { .kind = ENCAP_VXLAN } },
	[PPPOE] = { "ppp", { .kind = ENCAP_PPPOE } },
	[VLAN] = { "vlan", { .kind = ENCAP_VLAN } },
	[BRIDGE] = { "bridge", { 0 } },
	[CONFIGURED] = { "tun", { 0 } },
};

static void tell_link(struct told *told, unsigned int ifindex)
{
	const struct model_link *from = &told->m->links[ifindex];
	struct link *link = &told->links[LINKS - ifindex]; /* not in order */

	*link = (struct link){ .ifindex = ifindex, .mtu = from->mtu, .mtu6 = from->mtu6, .up = true,
			       .master_ifindex = from->master };
	snprintf(told->names[ifindex], IF_NAMESIZE, "t%u", ifindex);
	memcpy(link->name, told->names[ifindex], IF_NAMESIZE);
	snprintf(link->kind, sizeof(link->kind), "%s", shapes[from->shape].kind);
	link->tap = from->shape == TAP;
	if (from->shape == GRE || from->shape == VXLAN || from->shape == LEARNING ||
	    from->shape == VLAN)
		link->encap = shapes[from->shape].encap;
	if (from->shape == VLAN)
		link->lower_ifindex = from->lower;
	if (from->shape == GRE || from->shape == VXLAN) {
		link->has_remote = true;
		link->remote = address_of(told->m, ifindex, 0);
	}
}

static void tell_peer(struct told *told, unsigned int ifindex, unsigned int place)
{
	const struct model_link *link = &told->m->links[ifindex];
	struct address behind = { FAMILY_IPV4, { 10, (uint8_t)(ifindex * 4 + place) } };
	const struct prefix prefix = prefix_make(&behind, 16);
	struct peer peer = { .ifindex = ifindex, .layer_count = 1,
			     .layer = { shapes[link->shape].encap } };

	assert_true(asprintf(&peer.id, "%u.%u", ifindex, place) > 0);
	peer.has_endpoint = link->shape != PPPOE;
	if (peer.has_endpoint)
		peer.way.destination = address_of(told->m, ifindex, place);
	else
		peer.way.oif = link->lower;
	if (link->shape == TAP)
		encap_set(&peer.layer[0], ENCAP_KEY_TAP, 1);
	if (link->ends[place].behind)
		assert_int_equal(peer_allow(&peer, &prefix), 0);
	assert_int_equal(peer_list_append(told->peers, &peer), 0);
}

static void tell_override(struct told *told, unsigned int ifindex)
{
	const struct model_link *from = &told->m->links[ifindex];
	struct tunnel_override *override = &told->overrides[told->override_count++];

	*override = (struct tunnel_override){
		.match = told->names[ifindex],
		.over = from->over ? told->names[from->over] : NULL,
		.path_mtu = from->path_mtu,
		.extra = from->extra,
		.has_encap = from->shape == CONFIGURED,
	};
	if (from->shape == CONFIGURED)
		override->encap.kind = ENCAP_OPENVPN;
}

static void tell_measure(struct told *told, unsigned int ifindex, unsigned int place)
{
	const struct model_link *link = &told->m->links[ifindex];
	size_t i = told->measure_count++;

	if (link->shape != GRE && link->shape != VXLAN)
		snprintf(told->measured_as[i], sizeof(told->measured_as[i]), "%u.%u", ifindex,
			 place);
	told->measures[i] = (struct path_measure){ .tunnel = told->names[ifindex],
						   .peer = told->measured_as[i],
						   .endpoint = address_of(told->m, ifindex, place),
						   .mtu = link->ends[place].measure };
}

static void tell(struct told *told, const struct machine *m)
{
	*told = (struct told){ .m = m, .peers = peer_list_new() };
	assert_non_null(told->peers);
	for (unsigned int i = 1; i <= LINKS; i++) {
		const struct model_link *link = &m->links[i];

		tell_link(told, i);
		tell_override(told, i);
		told->first_peer[i] = told->peers->count;
		for (unsigned int k = 0; k < link->end_count; k++) {
			if (link->shape != GRE && link->shape != VXLAN)
				tell_peer(told, i, k);
			if (link->ends[k].hint)
				told->hints[told->hint_count++] = (struct path_hint){
					.destination = address_of(m, i, k),
					.ifindex = link->ends[k].hint_ifindex,
					.mtu = link->ends[k].hint };
			if (link->ends[k].measure)
				tell_measure(told, i, k);
		}
	}
	qsort(told->measures, told->measure_count, sizeof(*told->measures), path_measure_compare);
	assert_int_equal(tunnel_set_build(&(const struct tunnel_set_input){
		.links = told->links, .link_count = LINKS,
		.lists = &told->peers, .list_count = 1,
		.overrides = told->overrides, .override_count = told->override_count,
		.hints = told->hints, .hint_count = told->hint_count, .hint_floor = FLOOR,
		.hints_need_probe = m->hints_need_probe,
		.measures = told->measures, .measure_count = told->measure_count,
		.find_way = find_way, .userdata = told,
	}, &told->set), 0);
}

static void done(struct told *told)
{
	tunnel_set_free(told->set);
	peer_list_unref(told->peers);
}

static void compare(unsigned int world, const char *what, unsigned int ifindex, size_t peer,
		    const struct tunnel_limit *limit, struct sum sum)
{
	if (limit->inner_mtu != sum.inner || (sum.inner && limit->outer_mtu != sum.outer))
		fail_msg("world %u, %s %u.%zu: outer %u inner %u, reckoned %u and %u", world, what,
			 ifindex, peer, limit->outer_mtu, limit->inner_mtu, sum.outer, sum.inner);
}

static void test_two_reckonings(void **state)
{
	unsigned int known = 0;

	(void)state;
	for (unsigned int world = 0; world < WORLDS; world++) {
		struct machine m;
		struct told told;

		draw_machine(&m, world, false);
		tell(&told, &m);
		for (unsigned int i = 1; i <= LINKS; i++) {
			const struct model_link *link = &m.links[i];
			size_t first = told.first_peer[i];

			compare(world, "link", i, 0, &told.set->link_limits[i - 1],
				reckon_link(&m, i));
			known += told.set->link_limits[i - 1].inner_mtu != 0;
			for (unsigned int k = 0; k < link->end_count; k++) {
				if (link->shape != GRE && link->shape != VXLAN)
					compare(world, "peer", i, k, &told.set->limits[first + k],
						reckon_peer(&m, i, k));
			}
		}
		done(&told);
	}
	assert_true(known > WORLDS);
}

/* The limit of the peer or device that a target stands for. */
static const struct tunnel_limit *limit_of(const struct told *told,
					   const struct probe_target *target)
{
	unsigned int ifindex, peer;

	if (sscanf(target->peer, "%u.%u", &ifindex, &peer) == 2)
		return &told->set->limits[told->first_peer[ifindex] + peer];
	assert_int_equal(sscanf(target->tunnel, "t%u", &ifindex), 1);
	return &told->set->link_limits[ifindex - 1];
}

static void test_targets_reckon_like_the_set(void **state)
{
	unsigned int made = 0;

	(void)state;
	for (unsigned int world = 0; world < WORLDS; world++) {
		struct probe_target_list targets;
		struct machine m;
		struct told told;

		draw_machine(&m, world, true);
		tell(&told, &m);
		assert_int_equal(probe_targets_make(&(const struct probe_target_input){
			.set = told.set }, &targets), 0);
		for (size_t i = 0; i < targets.count; i++) {
			const struct probe_target *target = &targets.list[i];
			const struct tunnel_limit *limit = limit_of(&told, target);

			if (probe_target_inner(target, limit->outer_mtu) != limit->inner_mtu)
				fail_msg("world %u, %s %s: %u, the set has %u", world,
					 target->tunnel, target->peer,
					 probe_target_inner(target, limit->outer_mtu),
					 limit->inner_mtu);
			assert_int_equal(target->assumed, limit->assumed_mtu);
			assert_int_equal(target->hint, limit->hint_mtu);
		}
		made += targets.count > 0;
		probe_target_list_done(&targets);
		done(&told);
	}
	assert_true(made > WORLDS / 2);
}

static void *copy(const void *from, size_t len)
{
	void *made = malloc(len + 1);

	assert_non_null(made);
	memcpy(made, from, len);
	return made;
}

static void expect_end(unsigned int world, const struct tunnel_steps *steps,
		       const struct tunnel_limit *limit)
{
	assert_true(steps->count <= TUNNEL_STEPS_MAX);
	if (limit->inner_mtu &&
	    (steps->count == 0 || steps->list[steps->count - 1].value != limit->inner_mtu))
		fail_msg("world %u: the story ends with %u, the limit is %u", world,
			 steps->count ? steps->list[steps->count - 1].value : 0,
			 limit->inner_mtu);
}

/* Circles too, where the second reckoning would never end. */
static void test_stories_end_with_the_limit_and_change_nothing(void **state)
{
	(void)state;
	for (unsigned int world = 0; world < WORLDS; world++) {
		struct tunnel_limit *limits, *link_limits;
		struct tunnel_steps steps;
		struct tunnel_set *set;
		struct machine m;
		struct told told;

		draw_machine(&m, world, true);
		tell(&told, &m);
		set = told.set;
		limits = copy(set->limits, set->peer_count * sizeof(*limits));
		link_limits = copy(set->link_limits, set->link_count * sizeof(*link_limits));
		for (uint32_t i = 0; i < set->peer_count; i++) {
			tunnel_set_explain_peer(set, i, &steps);
			expect_end(world, &steps, &limits[i]);
		}
		for (size_t i = 0; i < set->link_count; i++) {
			tunnel_set_explain_link(set, i, &steps);
			expect_end(world, &steps, &link_limits[i]);
		}
		assert_memory_equal(limits, set->limits, set->peer_count * sizeof(*limits));
		assert_memory_equal(link_limits, set->link_limits,
				    set->link_count * sizeof(*link_limits));
		free(limits);
		free(link_limits);
		done(&told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_reckonings),
		cmocka_unit_test(test_targets_reckon_like_the_set),
		cmocka_unit_test(test_stories_end_with_the_limit_and_change_nothing),
	};

	return cmocka_run_group_tests_name("tunnel_resolve", tests, NULL, NULL);
}
