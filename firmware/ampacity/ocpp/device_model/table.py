"""The station's variables, one line each; a variable is looked up by searching these strings, nothing is built from them.

    component|variable|instance|mutability|data type|unit|default|limits

Mutability: RO, RW, WO. Limits: `least..most` for numbers, the longest length for strings, the allowed words for lists.
A default `@` is worked out when asked (model.py). RW values are kept by the store. Three scopes: the station, each
EVSE, each connector (names as in OCPP 2.0.1 part 2, chapter 2 of the referenced components).
"""

MEASURANDS = (
    "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,Current.Offered,Power.Offered,SoC"
)
POINTS = "ParkingBayOccupancy,EVConnected,Authorized,PowerPathClosed,EnergyTransfer"

STATION = """
AlignedDataCtrlr|Available||RO|boolean||true|
AlignedDataCtrlr|Enabled||RW|boolean||true|
AlignedDataCtrlr|Interval||RW|integer|s|0|0..86400
AlignedDataCtrlr|Measurands||RW|MemberList||Energy.Active.Import.Register|%M
AlignedDataCtrlr|SendDuringIdle||RW|boolean||false|
AlignedDataCtrlr|TxEndedInterval||RW|integer|s|0|0..86400
AlignedDataCtrlr|TxEndedMeasurands||RW|MemberList||Energy.Active.Import.Register|%M
AuthCacheCtrlr|Available||RO|boolean||true|
AuthCacheCtrlr|DisablePostAuthorize||RW|boolean||false|
AuthCacheCtrlr|Enabled||RW|boolean||true|
AuthCacheCtrlr|LifeTime||RW|integer|s|0|0..2147483647
AuthCacheCtrlr|Policy||RO|OptionList||LRU|LRU
AuthCacheCtrlr|Storage||RO|integer|B|@|
AuthCtrlr|AuthorizeRemoteStart||RW|boolean||false|
AuthCtrlr|DisableRemoteAuthorization||RW|boolean||false|
AuthCtrlr|Enabled||RW|boolean||true|
AuthCtrlr|LocalAuthorizeOffline||RW|boolean||true|
AuthCtrlr|LocalPreAuthorize||RW|boolean||true|
AuthCtrlr|MasterPassGroupId||RW|string|||36
AuthCtrlr|OfflineTxForUnknownIdEnabled||RW|boolean||false|
ChargingStation|AvailabilityState||RO|OptionList||@|Available,Occupied,Reserved,Unavailable,Faulted
ChargingStation|Available||RO|boolean||true|
ChargingStation|Identity||RO|string||@|48
ChargingStation|Model||RO|string||@|20
ChargingStation|Problem||RO|boolean||@|
ChargingStation|SerialNumber||RO|string||@|25
ChargingStation|SupplyPhases||RO|integer||@|
ChargingStation|VendorName||RO|string||@|50
ClockCtrlr|DateTime||RO|dateTime||@|
ClockCtrlr|TimeSource||RW|SequenceList||Heartbeat,NTP,RealTimeClock|Heartbeat,NTP,RealTimeClock
Controller|FirmwareVersion||RO|string||@|50
DeviceDataCtrlr|BytesPerMessage|GetReport|RO|integer|B|16384|
DeviceDataCtrlr|BytesPerMessage|GetVariables|RO|integer|B|16384|
DeviceDataCtrlr|BytesPerMessage|SetVariables|RO|integer|B|16384|
DeviceDataCtrlr|ConfigurationValueSize||RO|integer||1000|
DeviceDataCtrlr|ItemsPerMessage|GetReport|RO|integer||32|
DeviceDataCtrlr|ItemsPerMessage|GetVariables|RO|integer||32|
DeviceDataCtrlr|ItemsPerMessage|SetVariables|RO|integer||32|
DeviceDataCtrlr|ReportingValueSize||RO|integer||1000|
LocalAuthListCtrlr|Available||RO|boolean||true|
LocalAuthListCtrlr|BytesPerMessage||RO|integer|B|16384|
LocalAuthListCtrlr|DisablePostAuthorize||RW|boolean||false|
LocalAuthListCtrlr|Enabled||RW|boolean||true|
LocalAuthListCtrlr|Entries||RO|integer||@|
LocalAuthListCtrlr|ItemsPerMessage||RO|integer||100|
LocalAuthListCtrlr|SupportsExpiryDateTime||RO|boolean||true|
OCPPCommCtrlr|ActiveNetworkProfile||RO|integer||@|
OCPPCommCtrlr|FileTransferProtocols||RO|MemberList|||HTTP,HTTPS
OCPPCommCtrlr|HeartbeatInterval||RW|integer|s|86400|1..604800
OCPPCommCtrlr|MessageAttemptInterval|TransactionEvent|RW|integer|s|60|0..86400
OCPPCommCtrlr|MessageAttempts|TransactionEvent|RW|integer||5|1..100
OCPPCommCtrlr|MessageTimeout|Default|RO|integer|s|30|
OCPPCommCtrlr|NetworkConfigurationPriority||RW|SequenceList||1|1,2
OCPPCommCtrlr|NetworkProfileConnectionAttempts||RW|integer||3|1..100
OCPPCommCtrlr|OfflineThreshold||RW|integer|s|60|0..2147483647
OCPPCommCtrlr|QueueAllMessages||RO|boolean||false|
OCPPCommCtrlr|ResetRetries||RW|integer||1|0..10
OCPPCommCtrlr|RetryBackOffRandomRange||RW|integer|s|10|0..3600
OCPPCommCtrlr|RetryBackOffRepeatTimes||RW|integer||5|0..20
OCPPCommCtrlr|RetryBackOffWaitMinimum||RW|integer|s|10|1..3600
OCPPCommCtrlr|UnlockOnEVSideDisconnect||RW|boolean||true|
OCPPCommCtrlr|WebSocketPingInterval||RW|integer|s|60|0..86400
SampledDataCtrlr|Available||RO|boolean||true|
SampledDataCtrlr|Enabled||RW|boolean||true|
SampledDataCtrlr|TxEndedInterval||RW|integer|s|0|0..86400
SampledDataCtrlr|TxEndedMeasurands||RW|MemberList||Energy.Active.Import.Register|%M
SampledDataCtrlr|TxStartedMeasurands||RW|MemberList||Energy.Active.Import.Register|%M
SampledDataCtrlr|TxUpdatedInterval||RW|integer|s|300|0..86400
SampledDataCtrlr|TxUpdatedMeasurands||RW|MemberList||Energy.Active.Import.Register,Power.Active.Import,Current.Import|%M
SecurityCtrlr|BasicAuthPassword||WO|string|||16..40
SecurityCtrlr|CertificateEntries||RO|integer||0|
SecurityCtrlr|Identity||RO|string||@|48
SecurityCtrlr|OrganizationName||RW|string||Ampacity|64
SecurityCtrlr|SecurityProfile||RO|integer||@|
SmartChargingCtrlr|Available||RO|boolean||true|
SmartChargingCtrlr|Enabled||RW|boolean||true|
SmartChargingCtrlr|Entries|ChargingProfiles|RO|integer||@|
SmartChargingCtrlr|ExternalControlSignalsEnabled||RO|boolean||false|
SmartChargingCtrlr|Interval|Restart|RO|integer|s|@|
SmartChargingCtrlr|LimitChangeSignificance||RW|decimal|Percent|10|0..100
SmartChargingCtrlr|PeriodsPerSchedule||RO|integer||@|
SmartChargingCtrlr|Phases3to1||RO|boolean||false|
SmartChargingCtrlr|ProfileStackLevel||RO|integer||@|
SmartChargingCtrlr|RateUnit||RO|MemberList||A,W|A,W
TxCtrlr|EVConnectionTimeOut||RW|integer|s|120|1..86400
TxCtrlr|MaxEnergyOnInvalidId||RW|integer|Wh|0|0..1000000
TxCtrlr|StopTxOnEVSideDisconnect||RW|boolean||true|
TxCtrlr|StopTxOnInvalidId||RW|boolean||true|
TxCtrlr|TxBeforeAcceptedEnabled||RW|boolean||false|
TxCtrlr|TxStartPoint||RW|MemberList||PowerPathClosed|%P
TxCtrlr|TxStopPoint||RW|MemberList||EVConnected,Authorized|%P
"""

EVSE = """
EVSE|AllowReset||RO|boolean||true|
EVSE|AvailabilityState||RO|OptionList||@|Available,Occupied,Reserved,Unavailable,Faulted
EVSE|Available||RO|boolean||true|
EVSE|EvseId||RO|string||@|
EVSE|Power||RO|decimal|W|@|0..@
EVSE|State||RO|string||@|1000
EVSE|SupplyPhases||RO|integer||@|
"""

CONNECTOR = """
Connector|AvailabilityState||RO|OptionList||@|Available,Occupied,Reserved,Unavailable,Faulted
Connector|Available||RO|boolean||true|
Connector|ConnectorType||RO|string||@|
Connector|SupplyPhases||RO|integer||@|
"""
