/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clients that are connected: who is let in, who gives way, who has been silent for too long.
 * Control thread only. */
#pragma once

#include <systemd/sd-event.h>

#include "base/log.h"
#include "daemon/control/control_call.h"
#include "daemon/control/control_connection.h"

#define CONTROL_REFUSED_MAX 16 /* clients that are being told why they were refused */
#define CONTROL_PLACES (CONTROL_CLIENTS_MAX + CONTROL_REFUSED_MAX)

/* Why there is no place for one who comes. */
enum control_obstacle {
	CONTROL_OBSTACLE_NONE,
	CONTROL_OBSTACLE_SHARE, /* its uid has used up its share */
	CONTROL_OBSTACLE_FULL,
	CONTROL_OBSTACLE_KEPT,  /* but for the place that is kept for admins */
	CONTROL_OBSTACLES
};

/* Zeroed it is empty. */
struct control_places {
	struct control_connection *list[CONTROL_PLACES]; /* owned; NULL: free */
	struct log_ratelimit turned_away[CONTROL_OBSTACLES], gave_way;
};

/* Takes fd, a client that has just connected. Where it is one too many it is told so, and is no
 * client. An admin for whom there is no place gets that of another: of his own that has been idle
 * for longest where his share is used up, of one who is no admin where all places are. commands is
 * borrowed for as long as it stays. */
void control_places_admit(struct control_places *places, sd_event *event, int fd,
			  const struct control_peer *peer, struct control_commands *commands);
/* Ends those that have been silent or slow for too long. Returns whether any place is in use. */
bool control_places_sweep(struct control_places *places);
/* Ends all of them. */
void control_places_done(struct control_places *places);
