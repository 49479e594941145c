import { describeSink } from '@distributary/testing';
import { siemUnderTest } from './siem-under-test.ts';

describeSink('SiemSink', () => siemUnderTest(false), { redelivered: 'again' });
describeSink('SiemSink with acknowledgement', () => siemUnderTest(true), { redelivered: 'again' });
