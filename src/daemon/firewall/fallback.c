/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/firewall/fallback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "edge/child.h"
#include "edge/firewall/heartbeat.h"
#include "edge/firewall/nft.h"

struct fallback {
	const struct events *events;
	struct heartbeat *heartbeat; /* NULL: off */
	unsigned int hooks;
	enum fallback_state state;
	enum fallback_state told; /* the last one that was, or what an earlier process has left */
	bool is_wanted;      /* by the configuration */
	bool owns_rules;     /* the namespace's rules of ours are this daemon's */
	bool has_yielded;    /* and no beat since */
	bool yield_failed;   /* the same; it was said */
	bool is_bridging;    /* until our rules are back */
	uint64_t bridged_ns; /* since when the kernel clamps for that, 0: it does not */
	char *failure;       /* why it is not possible here, owned; NULL without */
	uint64_t retry_ns;   /* when it is tried again, 0: never; CLOCK_BOOTTIME */
	const char *reason;  /* of the state, static or `failure`; NULL on standby */
};

const char *fallback_state_name(enum fallback_state state)
{
	static const char *const names[] = {
		[FALLBACK_OFF] = "off",
		[FALLBACK_STANDBY] = "standby",
		[FALLBACK_ACTIVE] = "active",
	};

	return names[state];
}

static json_t *state_json(enum fallback_state state)
{
	return json_pack("{s:s}", "fallback", fallback_state_name(state));
}

static void set_state(struct fallback *fallback, enum fallback_state state, const char *reason)
{
	static const char *const texts[] = {
		[FALLBACK_OFF] = "off, nothing clamps while mssclampd is gone",
		[FALLBACK_STANDBY] = "standby, mssclampd clamps",
		[FALLBACK_ACTIVE] = "active, the kernel clamps by route MTU",
	};
	enum fallback_state old = fallback->told;
	char message[512];

	fallback->reason = reason;
	fallback->state = fallback->told = state;
	if (state == old)
		return;
	snprintf(message, sizeof(message), "fallback: %s -> %s%s%s", fallback_state_name(old),
		 texts[state], reason ? ": " : "", reason ? reason : "");
	events_emit(fallback->events,
		    &(struct event){
			    .name = "fallback_changed",
			    .why = reason,
			    .message = message,
			    .old = state_json(old),
			    .new = state_json(state),
			    .priority = LOG_NOTICE,
		    });
}

/* Why the configuration does not want it, or NULL. */
static const char *why_unwanted(const struct config *config)
{
	if (!config->fallback)
		return "fallback = false";
	if (config->mode == MODE_AUDIT)
		return "mode audit changes nothing";
	if (config->firewall == FIREWALL_NONE)
		return "firewall = \"none\": the rules are left to you";
	if (!heartbeat_hooks(config->hooks))
		return "hooks has neither forward nor output, where the kernel knows the route";
	return NULL;
}

/* A kernel without nftables has nothing to empty. */
static void clear_leftovers(void)
{
	char *error = NULL;
	int r = heartbeat_clear(&error);

	if (r < 0 && !nft_is_missing(r))
		log_warning("fallback: cannot empty the chains that an earlier run may have left: "
			    "%s", error ? error : "out of memory");
	free(error);
}

static void stop_beating(struct fallback *fallback)
{
	heartbeat_close(fallback->heartbeat);
	fallback->heartbeat = NULL;
	fallback->is_bridging = false;
	fallback->bridged_ns = 0;
}

/* Where the rules are left to others, there may be another daemon's. */
static void end(struct fallback *fallback)
{
	stop_beating(fallback);
	if (fallback->owns_rules)
		clear_leftovers();
}

/* Whether nobody answered, which says nothing of what this kernel can. */
static bool may_pass(int r)
{
	return child_is_unheard(r) || r == -ENOMEM;
}

/* Takes error. What may pass leaves the rules of an earlier run, by which the kernel clamps. */
static void fail(struct fallback *fallback, int r, char *error)
{
	bool is_told = error && fallback->failure && strcmp(error, fallback->failure) == 0;

	if (may_pass(r)) {
		stop_beating(fallback);
		fallback->retry_ns = clock_boottime_ns() + CHILD_HUNG_NS;
	} else {
		end(fallback);
		fallback->retry_ns = 0;
	}
	set_state(fallback, FALLBACK_OFF, error ? error : "out of memory");
	free(fallback->failure);
	fallback->failure = error;
	if (!is_told)
		log_warning("fallback: not possible %s, SYNs pass unclamped while mssclampd is "
			    "gone: %s", fallback->retry_ns ? "now" : "here", fallback->reason);
}

/* What it was until now, by what an earlier process has left: only where its rules have no sign of
 * life any more the kernel has clamped; where they have one, we go on for who gives it. */
static enum fallback_state find_left(void)
{
	static const enum fallback_state states[] = {
		[HEARTBEAT_NONE] = FALLBACK_OFF,
		[HEARTBEAT_LIVES] = FALLBACK_STANDBY,
		[HEARTBEAT_ACTS] = FALLBACK_ACTIVE,
	};
	enum heartbeat_left left;

	return heartbeat_left(&left) == 0 ? states[left] : FALLBACK_OFF;
}

/* Between the rules and the first beat the kernel acts beside us, which is nothing to tell. */
static void begin(struct fallback *fallback)
{
	bool is_first = !fallback->heartbeat && !fallback->failure;
	char *error = NULL;
	int r = 0;

	if (!fallback->heartbeat)
		r = heartbeat_open(&fallback->heartbeat, &error);
	if (r == 0 && is_first)
		fallback->told = find_left();
	if (r == 0)
		r = heartbeat_apply(fallback->heartbeat, fallback->hooks, &error);
	if (r < 0) {
		fail(fallback, r, error);
		return;
	}
	fallback->retry_ns = 0;
	if (fallback->state == FALLBACK_OFF)
		fallback->state = FALLBACK_ACTIVE;
	fallback->reason = "mssclampd is about to begin";
}

void fallback_configure(struct fallback *fallback, const struct config *config)
{
	const char *unwanted = why_unwanted(config);
	bool is_same = fallback->heartbeat && fallback->hooks == config->hooks;

	fallback->is_wanted = !unwanted;
	fallback->owns_rules = config->firewall != FIREWALL_NONE;
	fallback->hooks = config->hooks;
	if (!unwanted && is_same)
		return;
	fallback->reason = NULL;
	fallback->retry_ns = 0;
	free(fallback->failure);
	fallback->failure = NULL;
	if (!unwanted) {
		begin(fallback);
		return;
	}
	end(fallback);
	set_state(fallback, FALLBACK_OFF, unwanted);
}

int fallback_open(const struct config *config, const struct events *events,
		  struct fallback **ret_fallback)
{
	struct fallback *fallback = calloc(1, sizeof(*fallback));

	if (!fallback)
		return log_error(-ENOMEM, "cannot set up the fallback");
	fallback->events = events;
	fallback_configure(fallback, config);
	*ret_fallback = fallback;
	return 0;
}

void fallback_close(struct fallback *fallback)
{
	if (!fallback)
		return;
	heartbeat_close(fallback->heartbeat);
	free(fallback->failure);
	free(fallback);
}

bool fallback_beat(struct fallback *fallback)
{
	int r;

	if (fallback->retry_ns && clock_boottime_ns() >= fallback->retry_ns)
		begin(fallback);
	if (!fallback->heartbeat)
		return false;
	if (fallback->is_bridging) {
		set_state(fallback, FALLBACK_ACTIVE,
			  "the rules that send SYNs to us are not there");
		return false;
	}
	fallback->has_yielded = fallback->yield_failed = false;
	r = heartbeat_beat(fallback->heartbeat);
	if (r == 0)
		set_state(fallback, FALLBACK_STANDBY, NULL);
	else if (r == -ENOENT)
		return true;
	else
		set_state(fallback, FALLBACK_ACTIVE,
			  r == -EPERM ? "the sign of life is not permitted: has mssclampd lost "
					"CAP_NET_ADMIN?" :
					"the sign of life cannot be given, neither over lo nor by "
					"nftables");
	return false;
}

void fallback_yield(struct fallback *fallback, const char *why)
{
	int r;

	if (!fallback || !fallback->heartbeat || fallback->has_yielded)
		return;
	r = heartbeat_stop(fallback->heartbeat);
	if (r < 0 && r != -ENOENT && !fallback->yield_failed)
		log_error(r, "fallback: cannot hand over to the kernel at once, it takes over "
			     "within seconds");
	fallback->has_yielded = r == 0;
	fallback->yield_failed = r < 0;
	if (why || fallback->told != FALLBACK_OFF) /* else it ends before it has begun */
		set_state(fallback, FALLBACK_ACTIVE, why ? why : "mssclampd ends");
}

bool fallback_bridge(struct fallback *fallback)
{
	bool put_back = false;
	char *error = NULL;
	int r;

	if (!fallback->heartbeat || fallback->is_bridging)
		return false;
	fallback->is_bridging = true;
	r = heartbeat_stop(fallback->heartbeat);
	if (r == -ENOENT) {
		r = heartbeat_apply(fallback->heartbeat, fallback->hooks, &error);
		put_back = r == 0;
	}
	if (r < 0)
		log_debug("fallback: cannot act while rules are put back: %s",
			  error ? error : strerror(-r));
	else
		fallback->bridged_ns = clock_boottime_ns();
	free(error);
	return put_back;
}

uint64_t fallback_bridged_ns(const struct fallback *fallback)
{
	return fallback->bridged_ns;
}

void fallback_bridge_end(struct fallback *fallback)
{
	if (!fallback->is_bridging)
		return;
	fallback->is_bridging = false;
	fallback->bridged_ns = 0;
	if (fallback->state == FALLBACK_STANDBY)
		heartbeat_beat(fallback->heartbeat);
}

void fallback_yield_early(void)
{
	int r = heartbeat_stop(NULL);

	if (r < 0 && r != -ENOENT)
		log_debug("fallback: what an earlier process may have left cannot be told to act: "
			  "%s", strerror(-r));
}

enum fallback_state fallback_state(const struct fallback *fallback)
{
	return fallback->state;
}

const char *fallback_reason(const struct fallback *fallback)
{
	return fallback->reason;
}

const char *fallback_problem(const struct fallback *fallback)
{
	return fallback->is_wanted ? fallback->reason : NULL;
}

int fallback_check(struct fallback *fallback, bool *ret_ok, FILE *diff, char **ret_error)
{
	*ret_ok = true;
	return fallback->heartbeat ? heartbeat_check(fallback->heartbeat, ret_ok, diff, ret_error) :
				     0;
}

int fallback_mend(struct fallback *fallback, char **ret_error)
{
	int r;

	if (!fallback->heartbeat)
		return 0;
	r = heartbeat_apply(fallback->heartbeat, fallback->hooks, ret_error);
	if (r == 0 && fallback->state == FALLBACK_STANDBY && !fallback->is_bridging)
		heartbeat_beat(fallback->heartbeat); /* what is made anew has no element */
	return r;
}

void fallback_print(const struct fallback *fallback, FILE *out)
{
	if (fallback->heartbeat)
		heartbeat_print(heartbeat_hooks(fallback->hooks), out);
}
