/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calls that failing.c can make fail: return type, name, parameters, arguments, and what is
 * returned then. faults.py reads the names, in this order. */
#define CALLS(CALL) \
	CALL(void *, malloc, (size_t size), (size), NULL) \
	CALL(void *, calloc, (size_t count, size_t size), (count, size), NULL) \
	CALL(void *, realloc, (void *old, size_t size), (old, size), NULL) \
	CALL(void *, aligned_alloc, (size_t align, size_t size), (align, size), NULL) \
	CALL(void *, mmap, \
	     (void *at, size_t len, int protection, int flags, int fd, off_t offset), \
	     (at, len, protection, flags, fd, offset), MAP_FAILED) \
	CALL(int, pthread_create, \
	     (pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), \
	      void *arg), \
	     (thread, attributes, run, arg), error) \
	CALL(int, posix_spawn, \
	     (pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, \
	      const posix_spawnattr_t *attributes, char *const argv[], char *const environment[]), \
	     (pid, path, actions, attributes, argv, environment), error) \
	CALL(pid_t, waitpid, (pid_t pid, int *status, int options), (pid, status, options), -1) \
	CALL(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1) \
	CALL(int, socketpair, (int domain, int type, int protocol, int fds[2]), \
	     (domain, type, protocol, fds), -1) \
	CALL(int, bind, (int fd, const struct sockaddr *address, socklen_t len), \
	     (fd, address, len), -1) \
	CALL(int, connect, (int fd, const struct sockaddr *address, socklen_t len), \
	     (fd, address, len), -1) \
	CALL(int, listen, (int fd, int backlog), (fd, backlog), -1) \
	CALL(int, accept4, (int fd, struct sockaddr *address, socklen_t *len, int flags), \
	     (fd, address, len, flags), -1) \
	CALL(int, getsockname, (int fd, struct sockaddr *address, socklen_t *len), \
	     (fd, address, len), -1) \
	CALL(int, setsockopt, (int fd, int level, int option, const void *value, socklen_t len), \
	     (fd, level, option, value, len), -1) \
	CALL(int, getsockopt, (int fd, int level, int option, void *value, socklen_t *len), \
	     (fd, level, option, value, len), -1) \
	CALL(ssize_t, send, (int fd, const void *data, size_t len, int flags), \
	     (fd, data, len, flags), -1) \
	CALL(ssize_t, sendto, \
	     (int fd, const void *data, size_t len, int flags, const struct sockaddr *address, \
	      socklen_t address_len), (fd, data, len, flags, address, address_len), -1) \
	CALL(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), \
	     (fd, message, flags), -1) \
	CALL(ssize_t, recv, (int fd, void *data, size_t len, int flags), \
	     (fd, data, len, flags), -1) \
	CALL(ssize_t, recvfrom, \
	     (int fd, void *data, size_t len, int flags, struct sockaddr *address, \
	      socklen_t *address_len), (fd, data, len, flags, address, address_len), -1) \
	CALL(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), \
	     (fd, message, flags), -1) \
	CALL(int, recvmmsg, \
	     (int fd, struct mmsghdr *messages, unsigned int count, int flags, \
	      struct timespec *patience), (fd, messages, count, flags, patience), -1) \
	CALL(int, openat, (int folder, const char *path, int flags, mode_t mode), \
	     (folder, path, flags, mode), -1) \
	CALL(int, open, (const char *path, int flags, mode_t mode), (path, flags, mode), -1) \
	CALL(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL) \
	CALL(FILE *, open_memstream, (char **text, size_t *len), (text, len), NULL) \
	CALL(DIR *, opendir, (const char *path), (path), NULL) \
	CALL(ssize_t, read, (int fd, void *data, size_t len), (fd, data, len), -1) \
	CALL(ssize_t, write, (int fd, const void *data, size_t len), (fd, data, len), -1) \
	CALL(int, stat, (const char *path, struct stat *found), (path, found), -1) \
	CALL(int, lstat, (const char *path, struct stat *found), (path, found), -1) \
	CALL(int, fstat, (int fd, struct stat *found), (fd, found), -1) \
	CALL(int, fstatat, (int folder, const char *path, struct stat *found, int flags), \
	     (folder, path, found, flags), -1) \
	CALL(int, access, (const char *path, int mode), (path, mode), -1) \
	CALL(int, mkdir, (const char *path, mode_t mode), (path, mode), -1) \
	CALL(int, chmod, (const char *path, mode_t mode), (path, mode), -1) \
	CALL(int, unlink, (const char *path), (path), -1) \
	CALL(int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags), -1) \
	CALL(int, renameat, (int from_folder, const char *from, int to_folder, const char *to), \
	     (from_folder, from, to_folder, to), -1) \
	CALL(int, fdatasync, (int fd), (fd), -1) \
	CALL(int, epoll_create1, (int flags), (flags), -1) \
	CALL(int, epoll_ctl, (int fd, int what, int other, struct epoll_event *event), \
	     (fd, what, other, event), -1) \
	CALL(int, epoll_wait, (int fd, struct epoll_event *events, int most, int patience_ms), \
	     (fd, events, most, patience_ms), -1) \
	CALL(int, epoll_pwait2, \
	     (int fd, struct epoll_event *events, int most, const struct timespec *patience, \
	      const sigset_t *mask), (fd, events, most, patience, mask), -1) \
	CALL(int, timerfd_create, (int clock, int flags), (clock, flags), -1) \
	CALL(int, timerfd_settime, \
	     (int fd, int flags, const struct itimerspec *value, struct itimerspec *old), \
	     (fd, flags, kernel_time(flags, value), old), -1) \
	CALL(int, signalfd, (int fd, const sigset_t *mask, int flags), (fd, mask, flags), -1) \
	CALL(int, poll, (struct pollfd *fds, nfds_t count, int patience_ms), \
	     (fds, count, patience_ms), -1) \
	CALL(int, setrlimit, (__rlimit_resource_t what, const struct rlimit *limit), \
	     (what, limit), -1) \
	CALL(pid_t, fork, (void), (), -1) \
	CALL(int, eventfd, (unsigned int value, int flags), (value, flags), -1) \
	CALL(int, dup2, (int fd, int other), (fd, other), -1) \
	CALL(int, dup3, (int fd, int other, int flags), (fd, other, flags), -1) \
	CALL(int, mlock, (const void *at, size_t len), (at, len), -1) \
	CALL(ssize_t, readlink, (const char *path, char *text, size_t len), (path, text, len), -1) \
	CALL(ssize_t, readlinkat, (int folder, const char *path, char *text, size_t len), \
	     (folder, path, text, len), -1) \
	CALL(ssize_t, getrandom, (void *data, size_t len, unsigned int flags), (data, len, flags), -1) \
	CALL(int, pthread_setname_np, (pthread_t thread, const char *name), (thread, name), error)
