export type Priority = 'routine' | 'urgent' | 'stat'
