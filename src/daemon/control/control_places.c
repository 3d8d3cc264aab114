/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control_places.h"

#include <unistd.h>

#include "base/clock.h"

/* Who is connected, as far as it matters for one who comes. */
struct census {
	unsigned int clients, others, of_uid; /* all; without admins; of the same uid */
	int free;                             /* a place without a connection, or -1 */
	int refused;                          /* a place of one that is being sent away, or -1 */
};

static struct census take_census(const struct control_places *places, uid_t uid)
{
	struct census census = { .free = -1, .refused = -1 };

	for (int i = 0; i < CONTROL_PLACES; i++) {
		const struct control_connection *c = places->list[i];

		if (!c) {
			census.free = i;
			continue;
		}
		if (control_connection_is_refused(c)) {
			census.refused = i;
			continue;
		}
		census.clients++;
		census.others += !control_connection_peer(c)->admin;
		census.of_uid += control_connection_peer(c)->uid == uid;
	}
	return census;
}

static const char *const obstacles[] = {
	[CONTROL_OBSTACLE_SHARE] = "as many connections of your uid are open as one may have",
	[CONTROL_OBSTACLE_FULL] = "all connections are in use",
	[CONTROL_OBSTACLE_KEPT] = "all connections but the one kept for admins are in use",
};

/* Why there is no place for this client. */
static enum control_obstacle find_obstacle(const struct census *census,
					   const struct control_peer *peer)
{
	if (census->of_uid >= CONTROL_CLIENTS_A_UID_MAX)
		return CONTROL_OBSTACLE_SHARE;
	if (census->clients >= CONTROL_CLIENTS_MAX)
		return CONTROL_OBSTACLE_FULL;
	if (!peer->admin && census->others >= CONTROL_CLIENTS_MAX - 1)
		return CONTROL_OBSTACLE_KEPT;
	return CONTROL_OBSTACLE_NONE;
}

static void on_gone(struct control_connection *connection, void *userdata)
{
	struct control_places *places = userdata;

	for (int i = 0; i < CONTROL_PLACES; i++)
		if (places->list[i] == connection)
			places->list[i] = NULL;
}

static void turn_away(struct control_places *places, struct control_connection *connection,
		      const struct control_peer *peer, enum control_obstacle obstacle)
{
	char before[LOG_BEFORE_MAX];
	uint64_t suppressed;
	json_t *error;

	if (log_may_speak(&places->turned_away[obstacle], clock_boottime_ns(), NS_PER_SECOND,
			  &suppressed))
		log_warning("control: uid %u, pid %d turned away: %s%s", peer->uid, peer->pid,
			    obstacles[obstacle], log_before(suppressed, before));
	error = control_call_make_error(CONTROL_FAILED,
					"close what is not needed, or try again in a moment",
					"%s (%d in all, %d a uid)", obstacles[obstacle],
					CONTROL_CLIENTS_MAX, CONTROL_CLIENTS_A_UID_MAX);
	control_connection_refuse(connection, error);
}

static bool may_give_way(const struct control_peer *peer, enum control_obstacle obstacle,
			 const struct control_peer *admin)
{
	return obstacle == CONTROL_OBSTACLE_SHARE ? peer->uid == admin->uid : !peer->admin;
}

/* Of those who may give way to this admin, the one for whom quiet() is longest; -1 where it is 0
 * for all of them. */
static int find_quietest(const struct control_places *places, enum control_obstacle obstacle,
			 const struct control_peer *admin, uint64_t now_ns,
			 uint64_t (*quiet)(const struct control_connection *c, uint64_t now_ns))
{
	uint64_t longest = 0;
	int found = -1;

	for (int i = 0; i < CONTROL_PLACES; i++) {
		const struct control_connection *c = places->list[i];
		uint64_t ns;

		if (!c || control_connection_is_refused(c))
			continue;
		if (!may_give_way(control_connection_peer(c), obstacle, admin))
			continue;
		ns = quiet(c, now_ns);
		if (ns > longest) {
			longest = ns;
			found = i;
		}
	}
	return found;
}

/* Ends the connection that gives way to this admin. Who is idle goes first; where all places are
 * taken by others, and each of them has a call open, one of these goes: so no number of users locks
 * an admin out. What an admin has at work is never ended. Returns false where nobody gives way. */
static bool make_way(struct control_places *places, enum control_obstacle obstacle,
		     const struct control_peer *admin)
{
	uint64_t now_ns = clock_boottime_ns(), suppressed;
	char before[LOG_BEFORE_MAX];
	const struct control_peer *peer;
	int place = find_quietest(places, obstacle, admin, now_ns, control_connection_idle_ns);

	if (place < 0 && obstacle == CONTROL_OBSTACLE_FULL)
		place = find_quietest(places, obstacle, admin, now_ns, control_connection_quiet_ns);
	if (place < 0)
		return false;
	peer = control_connection_peer(places->list[place]);
	if (peer->uid != admin->uid &&
	    log_may_speak(&places->gave_way, now_ns, NS_PER_SECOND, &suppressed))
		log_notice("control: uid %u, pid %d gives way to an admin, uid %u: %s%s", peer->uid,
			   peer->pid, admin->uid, obstacles[obstacle],
			   log_before(suppressed, before));
	control_connection_free(places->list[place]);
	places->list[place] = NULL;
	return true;
}

void control_places_admit(struct control_places *places, sd_event *event, int fd,
			  const struct control_peer *peer, struct control_commands *commands)
{
	struct census census = take_census(places, peer->uid);
	enum control_obstacle obstacle = find_obstacle(&census, peer);
	struct control_connection *connection;

	if (obstacle != CONTROL_OBSTACLE_NONE && peer->admin && make_way(places, obstacle, peer)) {
		census = take_census(places, peer->uid);
		obstacle = CONTROL_OBSTACLE_NONE;
	}
	if (census.free < 0) { /* clients are fewer than places: one of them is being sent away */
		control_connection_free(places->list[census.refused]);
		places->list[census.refused] = NULL;
		census.free = census.refused;
	}
	connection = control_connection_new(event, fd, peer, commands, on_gone, places);
	if (!connection)
		return;
	places->list[census.free] = connection;
	if (obstacle != CONTROL_OBSTACLE_NONE)
		turn_away(places, connection, peer, obstacle);
}

/* Bytes that wait for all clients of a uid. */
static size_t waiting_for(const struct control_places *places, uid_t uid)
{
	size_t waiting = 0;

	for (int i = 0; i < CONTROL_PLACES; i++) {
		const struct control_connection *c = places->list[i];

		if (c && control_connection_peer(c)->uid == uid)
			waiting += control_connection_waiting(c);
	}
	return waiting;
}

/* Of the clients of uids for which too much waits, the place of the one for which most does;
 * -1: none. */
static int find_greediest(const struct control_places *places)
{
	size_t most = 0;
	int found = -1;

	for (int i = 0; i < CONTROL_PLACES; i++) {
		const struct control_connection *c = places->list[i];

		if (!c || control_connection_waiting(c) <= most ||
		    waiting_for(places, control_connection_peer(c)->uid) <= CONTROL_BACKLOG_UID_MAX)
			continue;
		most = control_connection_waiting(c);
		found = i;
	}
	return found;
}

static void shed(struct control_places *places)
{
	int i;

	while ((i = find_greediest(places)) >= 0) {
		const struct control_peer *peer = control_connection_peer(places->list[i]);

		log_debug("control: uid %u, pid %d is cut off: more than %u bytes wait for its uid",
			  peer->uid, peer->pid, CONTROL_BACKLOG_UID_MAX);
		control_connection_free(places->list[i]);
		places->list[i] = NULL;
	}
}

bool control_places_sweep(struct control_places *places)
{
	uint64_t now_ns = clock_boottime_ns();
	bool occupied = false;

	shed(places);
	for (int i = 0; i < CONTROL_PLACES; i++) {
		if (places->list[i])
			control_connection_sweep(places->list[i], now_ns);
		occupied = occupied || places->list[i];
	}
	return occupied;
}

void control_places_done(struct control_places *places)
{
	for (int i = 0; i < CONTROL_PLACES; i++) {
		control_connection_free(places->list[i]);
		places->list[i] = NULL;
	}
}
