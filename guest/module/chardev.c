// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /dev/ringsched: the ioctls of guest/uapi/ringsched.h.
 *
 * A file outlives the process that used it where a child inherited it; so
 * the exit of the member's, or of the creator's, process is seen at flush
 * and acts there, not at the last close.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/uaccess.h>

#include "chardev.h"
#include "engine.h"
#include "notify.h"

/* The member leaves its ring; the turn it may hold passes on. */
static int leave(struct rs_file *file)
{
	struct task_struct *task;
	unsigned long flags;
	int error;

	flags = rs_engine_enter();
	/* Another thread may sleep in its wait; it then finds that it is no member. */
	if (file->member.home && file->member.waiting)
		wake_up_process(file->task);
	error = rs_member_leave(&file->member, ktime_get_ns());
	task = file->task;
	file->task = NULL;
	rs_engine_leave(flags);
	if (task) {
		rs_priority_set(&file->home, task, 0);
		put_task_struct(task);
	}
	return error;
}

static void destroy_rings(struct rs_file *file)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < RS_RING_MAX; i++) {
		struct rs_ring *ring;

		flags = rs_engine_enter();
		ring = rs_ring_find(&rs_engine, i);
		if (ring && ring->owner == file)
			rs_ring_destroy(ring, ktime_get_ns());
		rs_engine_leave(flags);
	}
}

static long ioctl_revision(struct rs_file *file, void __user *argument)
{
	return put_user((__u32)RS_REVISION, (__u32 __user *)argument);
}

/* One process a file makes rings, so that it is clear whose end ends them. */
static int set_creator(struct rs_file *file)
{
	int error = 0;

	mutex_lock(&file->lock);
	if (!file->creator)
		file->creator = get_pid(task_tgid(current));
	else if (file->creator != task_tgid(current))
		error = -EPERM;
	mutex_unlock(&file->lock);
	return error;
}

static long ioctl_create(struct rs_file *file, void __user *argument)
{
	struct rs_ring_params params;
	unsigned long flags;
	int error;

	if (copy_from_user(&params, argument, sizeof(params)))
		return -EFAULT;
	if (params.vcpu >= 0 &&
	    ((unsigned int)params.vcpu >= nr_cpu_ids || !cpu_online(params.vcpu)))
		return -EINVAL;
	error = set_creator(file);
	if (error)
		return error;
	flags = rs_engine_enter();
	error = rs_ring_create(&rs_engine, &params, file);
	rs_engine_leave(flags);
	return error;
}

static long ioctl_destroy(struct rs_file *file, void __user *argument)
{
	struct rs_ring *ring;
	unsigned long flags;
	__u32 id;

	if (get_user(id, (__u32 __user *)argument))
		return -EFAULT;
	flags = rs_engine_enter();
	ring = rs_ring_find(&rs_engine, id);
	if (ring)
		rs_ring_destroy(ring, ktime_get_ns());
	rs_engine_leave(flags);
	return ring ? 0 : -ENOENT;
}

static long ioctl_join(struct rs_file *file, void __user *argument)
{
	struct task_struct *old = NULL;
	struct rs_ring_join join;
	unsigned long flags;
	int error;

	if (copy_from_user(&join, argument, sizeof(join)))
		return -EFAULT;
	get_task_struct(current);
	flags = rs_engine_enter();
	error = rs_member_join(&rs_engine, &file->member, &join);
	if (!error) {
		old = file->task; /* member of a ring that was destroyed meanwhile */
		file->task = current;
	}
	rs_engine_leave(flags);
	if (error)
		put_task_struct(current);
	if (old) {
		rs_priority_set(&file->home, old, 0);
		put_task_struct(old);
	}
	return error;
}

static long ioctl_leave(struct rs_file *file, void __user *argument)
{
	return leave(file);
}

struct start_call {
	struct rs_ring_start start;
	int error;
};

/* Also run as a cross call: the timer is to sit on the ring's own vCPU. */
static void start_ring(void *argument)
{
	struct start_call *call = argument;
	struct rs_ring *ring;
	unsigned long flags;

	flags = rs_engine_enter();
	ring = rs_ring_find(&rs_engine, call->start.ring_id);
	call->error = ring ? rs_ring_start(ring, call->start.base_ns, ktime_get_ns()) : -ENOENT;
	rs_engine_leave(flags);
}

static long ioctl_start(struct rs_file *file, void __user *argument)
{
	struct start_call call = { .error = -ENOENT };
	struct rs_ring *ring;
	unsigned long flags;
	int vcpu = -1;

	if (copy_from_user(&call.start, argument, sizeof(call.start)))
		return -EFAULT;
	flags = rs_engine_enter();
	ring = rs_ring_find(&rs_engine, call.start.ring_id);
	if (ring)
		vcpu = ring->params.vcpu;
	rs_engine_leave(flags);
	/* A vCPU that went offline in between: the ring starts from here. */
	if (vcpu < 0 || smp_call_function_single(vcpu, start_ring, &call, 1))
		start_ring(&call);
	return call.error;
}

static long ioctl_stop(struct rs_file *file, void __user *argument)
{
	struct rs_ring *ring;
	unsigned long flags;
	int error;
	__u32 id;

	if (get_user(id, (__u32 __user *)argument))
		return -EFAULT;
	flags = rs_engine_enter();
	ring = rs_ring_find(&rs_engine, id);
	error = ring ? rs_ring_stop(ring, ktime_get_ns()) : -ENOENT;
	rs_engine_leave(flags);
	return error;
}

/* The first part of a wait: the turn in hand is over. */
static int complete_turn(struct rs_file *file)
{
	unsigned long flags;
	int error;

	flags = rs_engine_enter();
	if (file->task && file->task != current)
		error = -EPERM; /* the turn is another thread's */
	else
		error = rs_member_complete(&file->member, ktime_get_ns());
	rs_engine_leave(flags);
	return error;
}

/*
 * Take a turn, or be ready to sleep: then the state is TASK_INTERRUPTIBLE and
 * -EAGAIN is returned. *visit is the priority that the task should sleep with.
 */
static int take_turn(struct rs_file *file, struct rs_turn *turn, u32 *visit)
{
	struct rs_member *member = &file->member;
	unsigned long flags;
	int error;

	flags = rs_engine_enter();
	/* Under the lock that every waker holds, so no wake-up falls in between. */
	set_current_state(TASK_INTERRUPTIBLE);
	error = rs_member_take(member, ktime_get_ns(), turn);
	*visit = member->visited ? member->visited->params.ring_prio : 0;
	if (error == -EAGAIN && signal_pending(current)) {
		rs_member_unwait(member);
		error = -EINTR;
	}
	if (error != -EAGAIN)
		__set_current_state(TASK_RUNNING);
	rs_engine_leave(flags);
	return error;
}

static long ioctl_wait(struct rs_file *file, void __user *argument)
{
	struct rs_turn turn = {};
	u32 visit;
	int error;

	error = complete_turn(file);
	if (error)
		return error;
	for (;;) {
		error = take_turn(file, &turn, &visit);
		if (visit != READ_ONCE(file->home.visit)) {
			/* Before the sleep, not after it; and at the latest before the turn. */
			__set_current_state(TASK_RUNNING);
			rs_priority_set(&file->home, current, visit);
		} else if (error == -EAGAIN) {
			schedule();
		}
		if (error != -EAGAIN)
			break;
	}
	if (!error && copy_to_user(argument, &turn, sizeof(turn)))
		error = -EFAULT;
	return error;
}

static long ioctl_change(struct rs_file *file, void __user *argument)
{
	unsigned long flags;
	int error;
	__u32 id;

	if (get_user(id, (__u32 __user *)argument))
		return -EFAULT;
	flags = rs_engine_enter();
	if (file->task && file->task != current)
		error = -EPERM;
	else
		error = rs_member_change(&rs_engine, &file->member, id, ktime_get_ns());
	rs_engine_leave(flags);
	return error;
}

static long ioctl_notify(struct rs_file *file, void __user *argument)
{
	struct rs_notify notify;

	if (copy_from_user(&notify, argument, sizeof(notify)))
		return -EFAULT;
	if (notify.kind == RS_KIND_START)
		return g_sched_notify_start(notify.ring_id, notify.ring_prio);
	if (notify.kind == RS_KIND_END)
		return g_sched_notify_end(notify.ring_id, notify.ring_prio);
	return -EINVAL;
}

static const struct {
	unsigned int request;
	long (*call)(struct rs_file *file, void __user *argument);
} requests[] = {
	{ RS_IOC_REVISION, ioctl_revision },	{ RS_IOC_RING_CREATE, ioctl_create },
	{ RS_IOC_RING_DESTROY, ioctl_destroy }, { RS_IOC_RING_JOIN, ioctl_join },
	{ RS_IOC_RING_LEAVE, ioctl_leave },	{ RS_IOC_RING_START, ioctl_start },
	{ RS_IOC_RING_STOP, ioctl_stop },	{ RS_IOC_RING_WAIT, ioctl_wait },
	{ RS_IOC_RING_CHANGE, ioctl_change },	{ RS_IOC_NOTIFY, ioctl_notify },
};

static long rs_ioctl(struct file *filp, unsigned int request, unsigned long argument)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(requests); i++)
		if (requests[i].request == request)
			return requests[i].call(filp->private_data, (void __user *)argument);
	return -ENOTTY;
}

static int rs_open(struct inode *inode, struct file *filp)
{
	struct rs_file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return -ENOMEM;
	mutex_init(&file->lock);
	mutex_init(&file->home.lock);
	filp->private_data = file;
	return stream_open(inode, filp);
}

/* Called by every close; only that of a process at its end matters here. */
static int rs_flush(struct file *filp, fl_owner_t id)
{
	struct rs_file *file = filp->private_data;
	struct task_struct *task;
	unsigned long flags;
	bool ours;

	if (!(current->flags & PF_EXITING))
		return 0;
	flags = rs_engine_enter();
	task = file->task;
	ours = task && same_thread_group(task, current);
	rs_engine_leave(flags);
	if (ours)
		leave(file);
	if (READ_ONCE(file->creator) == task_tgid(current))
		destroy_rings(file);
	return 0;
}

static int rs_release(struct inode *inode, struct file *filp)
{
	struct rs_file *file = filp->private_data;

	leave(file);
	destroy_rings(file);
	put_pid(file->creator);
	kfree(file);
	return 0;
}

static const struct file_operations rs_fops = {
	.owner = THIS_MODULE,
	.open = rs_open,
	.flush = rs_flush,
	.release = rs_release,
	.unlocked_ioctl = rs_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = no_llseek,
};

static struct miscdevice rs_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ringsched",
	.fops = &rs_fops,
	.mode = 0600,
};

int rs_chardev_register(void)
{
	return misc_register(&rs_misc);
}

void rs_chardev_deregister(void)
{
	misc_deregister(&rs_misc);
}
