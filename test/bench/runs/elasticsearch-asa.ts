import { NocConsumer } from '@distributary/consumer-noc';
import { drain } from './drain.ts';
import { runSettings } from './run-settings.ts';

/** The NOC's consumer as it is, ASA to ECS, against an endpoint that stores nothing. */
await drain(new NocConsumer({ ...process.env, DISTRIBUTARY_CONSUMER: 'c' }), runSettings.entries);
