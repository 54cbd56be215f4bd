"""The station's variables, one line each; a variable is looked up by searching these strings, nothing is built from them.

    component|variable|instance|mutability|data type|unit|default|limits

Mutability: RO, RW, WO. To save room a component that ends with `~` means Ctrlr, and KINDS has the letters of data types. Limits: `least..most` for numbers, the longest length for strings, the allowed words for lists.
A default `@` is worked out when asked (model.py). RW values are kept by the store. Three scopes: the station, each
EVSE, each connector (names as in OCPP 2.0.1 part 2, chapter 2 of the referenced components).
"""

MEASURANDS = (
    "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,Current.Offered,Power.Offered,SoC"
)
POINTS = "ParkingBayOccupancy,EVConnected,Authorized,PowerPathClosed,EnergyTransfer"
STATUSES = "Available,Occupied,Reserved,Unavailable,Faulted"
KINDS = {"b": "boolean", "i": "integer", "m": "MemberList", "o": "OptionList", "q": "SequenceList", "s": "string"}

STATION = """
AlignedData~|Available||RO|b||true|
AlignedData~|Enabled||RW|b||true|
AlignedData~|Interval||RW|i|s|0|0..86400
AlignedData~|Measurands||RW|m||Energy.Active.Import.Register|%M
AlignedData~|SendDuringIdle||RW|b||false|
AlignedData~|TxEndedInterval||RW|i|s|0|0..86400
AlignedData~|TxEndedMeasurands||RW|m||Energy.Active.Import.Register|%M
AuthCache~|Available||RO|b||true|
AuthCache~|DisablePostAuthorize||RW|b||false|
AuthCache~|Enabled||RW|b||true|
AuthCache~|LifeTime||RW|i|s|0|0..2147483647
AuthCache~|Policy||RO|o||LRU|LRU
AuthCache~|Storage||RO|i|B|@|
Auth~|AuthorizeRemoteStart||RW|b||false|
Auth~|DisableRemoteAuthorization||RW|b||false|
Auth~|Enabled||RW|b||true|
Auth~|LocalAuthorizeOffline||RW|b||true|
Auth~|LocalPreAuthorize||RW|b||true|
Auth~|MasterPassGroupId||RW|s|||36
Auth~|OfflineTxForUnknownIdEnabled||RW|b||false|
ChargingStation|AvailabilityState||RO|o||@|%A
ChargingStation|Available||RO|b||true|
ChargingStation|Identity||RO|s||@|48
ChargingStation|Model||RO|s||@|20
ChargingStation|Problem||RO|b||@|
ChargingStation|SerialNumber||RO|s||@|25
ChargingStation|SupplyPhases||RO|i||@|
ChargingStation|VendorName||RO|s||@|50
Clock~|DateTime||RO|dateTime||@|
Clock~|TimeSource||RW|q||Heartbeat,NTP,RealTimeClock|Heartbeat,NTP,RealTimeClock
Controller|FirmwareVersion||RO|s||@|50
DeviceData~|BytesPerMessage|GetReport|RO|i|B|16384|
DeviceData~|BytesPerMessage|GetVariables|RO|i|B|16384|
DeviceData~|BytesPerMessage|SetVariables|RO|i|B|16384|
DeviceData~|ConfigurationValueSize||RO|i||1000|
DeviceData~|ItemsPerMessage|GetReport|RO|i||32|
DeviceData~|ItemsPerMessage|GetVariables|RO|i||32|
DeviceData~|ItemsPerMessage|SetVariables|RO|i||32|
DeviceData~|ReportingValueSize||RO|i||1000|
LocalAuthList~|Available||RO|b||true|
LocalAuthList~|BytesPerMessage||RO|i|B|16384|
LocalAuthList~|DisablePostAuthorize||RW|b||false|
LocalAuthList~|Enabled||RW|b||true|
LocalAuthList~|Entries||RO|i||@|
LocalAuthList~|ItemsPerMessage||RO|i||100|
LocalAuthList~|SupportsExpiryDateTime||RO|b||true|
OCPPComm~|ActiveNetworkProfile||RO|i||@|
OCPPComm~|FileTransferProtocols||RO|m|||HTTP,HTTPS
OCPPComm~|HeartbeatInterval||RW|i|s|86400|1..604800
OCPPComm~|MessageAttemptInterval|TransactionEvent|RW|i|s|60|0..86400
OCPPComm~|MessageAttempts|TransactionEvent|RW|i||5|1..100
OCPPComm~|MessageTimeout|Default|RO|i|s|30|
OCPPComm~|NetworkConfigurationPriority||RW|q||1|1,2
OCPPComm~|NetworkProfileConnectionAttempts||RW|i||3|1..100
OCPPComm~|OfflineThreshold||RW|i|s|60|0..2147483647
OCPPComm~|QueueAllMessages||RO|b||false|
OCPPComm~|ResetRetries||RW|i||1|0..10
OCPPComm~|RetryBackOffRandomRange||RW|i|s|10|0..3600
OCPPComm~|RetryBackOffRepeatTimes||RW|i||5|0..20
OCPPComm~|RetryBackOffWaitMinimum||RW|i|s|10|1..3600
OCPPComm~|UnlockOnEVSideDisconnect||RW|b||true|
OCPPComm~|WebSocketPingInterval||RW|i|s|60|0..86400
SampledData~|Available||RO|b||true|
SampledData~|Enabled||RW|b||true|
SampledData~|TxEndedInterval||RW|i|s|0|0..86400
SampledData~|TxEndedMeasurands||RW|m||Energy.Active.Import.Register|%M
SampledData~|TxStartedMeasurands||RW|m||Energy.Active.Import.Register|%M
SampledData~|TxUpdatedInterval||RW|i|s|300|0..86400
SampledData~|TxUpdatedMeasurands||RW|m||Energy.Active.Import.Register,Power.Active.Import,Current.Import|%M
Security~|BasicAuthPassword||WO|s|||16..40
Security~|CertificateEntries||RO|i||0|
Security~|Identity||RO|s||@|48
Security~|OrganizationName||RW|s||Ampacity|64
Security~|SecurityProfile||RO|i||@|
SmartCharging~|Available||RO|b||true|
SmartCharging~|Enabled||RW|b||true|
SmartCharging~|Entries|ChargingProfiles|RO|i||@|
SmartCharging~|ExternalControlSignalsEnabled||RO|b||false|
SmartCharging~|Interval|Restart|RO|i|s|@|
SmartCharging~|LimitChangeSignificance||RW|decimal|Percent|10|0..100
SmartCharging~|PeriodsPerSchedule||RO|i||@|
SmartCharging~|Phases3to1||RO|b||false|
SmartCharging~|ProfileStackLevel||RO|i||@|
SmartCharging~|RateUnit||RO|m||A,W|A,W
Tx~|EVConnectionTimeOut||RW|i|s|120|1..86400
Tx~|MaxEnergyOnInvalidId||RW|i|Wh|0|0..1000000
Tx~|StopTxOnEVSideDisconnect||RW|b||true|
Tx~|StopTxOnInvalidId||RW|b||true|
Tx~|TxBeforeAcceptedEnabled||RW|b||false|
Tx~|TxStartPoint||RW|m||PowerPathClosed|%P
Tx~|TxStopPoint||RW|m||EVConnected,Authorized|%P
"""

EVSE = """
EVSE|AllowReset||RO|b||true|
EVSE|AvailabilityState||RO|o||@|%A
EVSE|Available||RO|b||true|
EVSE|EvseId||RO|s||@|
EVSE|Power||RO|decimal|W|@|0..@
EVSE|State||RO|s||@|1000
EVSE|SupplyPhases||RO|i||@|
"""

CONNECTOR = """
Connector|AvailabilityState||RO|o||@|%A
Connector|Available||RO|b||true|
Connector|ConnectorType||RO|s||@|
Connector|SupplyPhases||RO|i||@|
"""
