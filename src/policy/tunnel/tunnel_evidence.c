/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was heard and what was measured of the path outside: path MTU exceptions of the kernel,
 * which anybody may have made, and probes that were answered. */
#include <string.h>

#include "base/search.h"
#include "policy/tunnel/tunnel_resolve.h"

bool tunnel_outer_lower(struct tunnel_outer *outer, uint32_t mtu, enum path_source source)
{
	if (mtu == 0 || (outer->mtu && outer->mtu <= mtu))
		return false;
	outer->mtu = mtu;
	outer->source = source;
	outer->confidence = CONFIDENCE_ASSUMED;
	return true;
}

/* The smallest that the kernel believes of that destination by that link, or NULL. */
static const struct path_hint *find_hint(const struct tunnel_set *set,
					 const struct address *destination, uint32_t ifindex)
{
	size_t low;
	const struct path_hint *hints = set->private->hints, *found = NULL;

	SEARCH_FIRST(low, set->private->hint_count, i,
		     address_compare(&hints[i].destination, destination) < 0);
	for (; low < set->private->hint_count; low++) {
		const struct path_hint *hint = &hints[low];

		if (!address_equal(&hint->destination, destination))
			break;
		if ((!hint->ifindex || hint->ifindex == ifindex) &&
		    (!found || hint->mtu < found->mtu))
			found = hint;
	}
	return found;
}

/* Looks once: what was measured stays with the set. */
static bool find_measure(struct tunnel_set *set, const struct tunnel_path_question *question)
{
	const struct tunnel_set_private *private = set->private;
	struct tunnel_way *way = question->found;
	const struct path_measure *measure;

	if (way->measured || !private->measure_count || !question->measured_as)
		return way->measured;
	measure = path_measure_find(private->measures, private->measure_count, question->tunnel,
				    question->measured_as, &question->way->destination);
	if (!measure || !measure->mtu)
		return false;
	way->measured = true;
	way->measured_mtu = measure->mtu;
	way->how = measure->how;
	way->measured_ns = measure->at_ns;
	return true;
}

/* More than links and routes promise confirms them. What nobody but a router has said is no more
 * than a hint, though he has seen the packet. */
static void take_measure(const struct tunnel_way *way, struct tunnel_outer *outer,
			 struct tunnel_steps *steps)
{
	static const char *const what[] = {
		[MEASURE_OUTSIDE] = "outside: probe to the endpoint",
		[MEASURE_INSIDE] = "outside: probe through the tunnel",
		[MEASURE_ICMP] = "outside: probe, told by a router",
	};
	struct tunnel_step *step;

	tunnel_outer_lower(outer, way->measured_mtu, PATH_PROBE);
	outer->source = PATH_PROBE;
	outer->confidence = way->how == MEASURE_ICMP ? CONFIDENCE_HINT : CONFIDENCE_MEASURED;
	outer->measured_ns = way->measured_ns;
	step = tunnel_step_add(steps, outer->mtu, path_source_name(PATH_PROBE), "%s",
			       what[way->how]);
	if (step)
		step->at_ns = way->measured_ns;
}

/* An exception is what some ICMP message said. It is believed to the floor and no further. */
static void take_hint(const struct tunnel_set *set, uint32_t told, struct tunnel_outer *outer,
		      struct tunnel_steps *steps)
{
	uint32_t floor = set->private->hint_floor, mtu = told < floor ? floor : told;

	if (!tunnel_outer_lower(outer, mtu, PATH_HINT))
		return;
	outer->confidence = CONFIDENCE_HINT;
	if (told < floor)
		tunnel_step_add(steps, mtu, "kernel_hint",
				"outside: kernel path MTU exception of %u, unconfirmed: no further "
				"than %u", told, floor);
	else
		tunnel_step_add(steps, mtu, "kernel_hint",
				"outside: kernel path MTU exception, unconfirmed");
}

void tunnel_weigh_evidence(struct tunnel_set *set, const struct tunnel_path_question *question,
			   struct tunnel_outer *outer, struct tunnel_steps *steps)
{
	const struct path_answer *answer = &question->found->answer;
	const struct path_hint *hint = NULL;

	if (!answer->mtu_locked)
		hint = find_hint(set, &question->way->destination, answer->ifindex);
	if (hint && (!outer->assumed || hint->mtu < outer->assumed))
		outer->hint = hint->mtu;
	if (find_measure(set, question)) {
		take_measure(question->found, outer, steps);
		if (outer->hint && outer->hint < outer->mtu)
			tunnel_step_add(steps, 0, NULL, "outside: kernel path MTU exception of %u: "
							"ignored, the probe got further",
					outer->hint);
	} else if (outer->hint && set->private->hints_need_probe) {
		tunnel_step_add(steps, 0, NULL, "outside: kernel path MTU exception of %u, "
						"unconfirmed: ignored, a probe decides",
				outer->hint);
	} else if (outer->hint) {
		take_hint(set, outer->hint, outer, steps);
	}
}
